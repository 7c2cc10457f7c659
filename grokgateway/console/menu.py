"""The console's menu: areas of an operator's work instead of the apps of the code."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Entry = dict[str, Any]  # Django's own shape of one model in its app list


@dataclass(frozen=True, slots=True)
class Link:
    """A page that belongs to no model; shown once its address exists."""

    label: str | Promise
    url_name: str
    permission: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """One heading of the menu: its models in their order, then those of its apps."""

    slug: str
    name: str | Promise
    about: str | Promise
    models: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


AREAS = (
    Area(
        "pool",
        _("Pool"),
        _("Accounts, what befell them, and the work done on many at once."),
        models=(
            "accounts.account",
            "jobs.batchjob",
            "accounts.restorepoint",
            "accounts.statusevent",
        ),
        apps=("accounts", "jobs"),
        links=(Link(_("Explain"), "admin:explain", "accounts.view_account"),),
    ),
    Area(
        "traffic",
        _("Traffic"),
        _("Who called what, with which key, and how it went."),
        models=(
            "gateway.requestrecord",
            "gateway.alert",
            "gateway.apikey",
            "gateway.modelroute",
            "gateway.storedresponse",
            "gateway.capture",
            "gateway.capturewish",
        ),
        apps=("gateway",),
        links=(
            Link(_("Try it"), "admin:try", "accounts.run_jobs"),
            Link(_("For programs"), "admin:docs", "gateway.view_modelroute"),
        ),
    ),
    Area(
        "media",
        _("Media"),
        _("Files that are kept, the space they take, and films in the making."),
        models=("media.asset", "media.videojob", "media.usage"),
        apps=("media",),
        links=(Link(_("Cache"), "admin:cache", "media.view_asset", first=True),),
    ),
    Area(
        "system",
        _("System"),
        _("Settings, the way to upstream, and the people who may sign in here."),
        models=(
            "gateway.egressnode",
            "gateway.clearancebundle",
            "auth.user",
            "auth.group",
        ),
        links=(
            Link(
                _("Configuration"),
                "admin:config",
                "config.view_configoverride",
                first=True,
            ),
            Link(_("Doctor"), "admin:doctor", "gateway.view_examination"),
        ),
    ),
)
REST = AREAS[-1]


def arranged(request: HttpRequest, apps: Iterable[Entry]) -> list[Entry]:
    """Django's app list, regrouped by area; areas without anything are left out."""
    models = [model for app in apps for model in app["models"]]
    filled = ((area, entries(request, area, models)) for area in AREAS)
    return [
        {
            "name": area.name,
            "about": area.about,
            "app_label": area.slug,
            "app_url": found[0]["admin_url"],
            "has_module_perms": True,
            "models": found,
        }
        for area, found in filled
        if found
    ]


def entries(request: HttpRequest, area: Area, models: Iterable[Entry]) -> list[Entry]:
    own = [model for model in models if area_of(label(model)) is area]
    own.sort(key=lambda model: place(area, label(model)))
    above = (entry_of(request, link) for link in area.links if link.first)
    below = (entry_of(request, link) for link in area.links if not link.first)
    return [*filter(None, above), *own, *filter(None, below)]


def area_of(model: str) -> Area:
    for area in AREAS:
        if model in area.models:
            return area
    app = model.partition(".")[0]
    return next((area for area in AREAS if app in area.apps), REST)


def place(area: Area, model: str) -> tuple[int, str]:
    known = model in area.models
    return (area.models.index(model) if known else len(area.models), model)


def label(model: Entry) -> str:
    return str(model["model"]._meta.label_lower)


def entry_of(request: HttpRequest, link: Link) -> Entry | None:
    if link.permission and not request.user.has_perm(link.permission):
        return None
    try:
        address = reverse(link.url_name)
    except NoReverseMatch:
        return None
    return {
        "name": link.label,
        "object_name": link.url_name.rpartition(":")[2],
        "admin_url": address,
        "add_url": None,
        "view_only": True,
        "perms": {},
    }
