"""The cache page itself: cards, limits that are saved in place, tidying by hand."""

import time
from collections.abc import Mapping

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from grokgateway import config
from grokgateway.console.configuration import audit, faults, frame
from grokgateway.console.storage import cards, online
from grokgateway.jobs import leadership
from media import pruning, reconcile, upkeep
from media.models import Kind
from media.shelves import shelf

VIEW = "media.view_asset"
DELETE = "media.delete_asset"
LONGEST_S = 20.0
Texts = Mapping[str, str]


@require_GET
@permission_required(VIEW, raise_exception=True)
def show(request: HttpRequest) -> HttpResponse:
    return page(request, {}, {})


def page(request: HttpRequest, typed: Texts, errors: Texts) -> HttpResponse:
    running, walked = online.latest(request)
    context = {
        **admin.site.each_context(request),
        "title": _("Cache"),
        "cards": cards.shown(typed, errors),
        "may_change": frame.may_change(request),
        "may_tidy": request.user.has_perm(DELETE),
        "online": online.result(request, walked) if walked else None,
        "running": running,
    }
    response = TemplateResponse(request, "console/storage/page.html", context)
    response.status_code = 400 if errors else 200
    if running is not None and request.method == "GET":
        response["Refresh"] = str(online.LOOK_AGAIN_S)
    return response


@require_POST
@permission_required(VIEW, raise_exception=True)
@permission_required(frame.CHANGE, raise_exception=True)
def limit(request: HttpRequest) -> HttpResponse:
    """Save the limit of one kind, unless somebody else changed it meanwhile."""
    name = request.POST.get("key", "")
    if name not in cards.LIMITS.values():
        return page(request, {}, {name: gettext("There is no such limit.")})
    typed = request.POST.get("value", "").strip()
    config.refresh()
    now = str(config.current().number(name))
    if request.POST.get("was", now) != now:
        told = gettext("Somebody else has set it to %s MiB meanwhile.") % now
        return page(request, {name: typed}, {name: told})
    try:
        config.save({name: typed}, by=frame.actor(request))
    except config.Rejected as refusal:
        told = " ".join(faults.sentence(fault) for _key, fault in refusal.errors)
        return page(request, {name: typed}, {name: told})
    if str(config.current().number(name)) != now:
        audit.note(request, "saved", [name])
    messages.success(request, gettext("The limit was saved."))
    return back()


@require_POST
@permission_required(DELETE, raise_exception=True)
def prune(request: HttpRequest) -> HttpResponse:
    told = [pruned(pruning.prune(shelf(kind))) for kind in Kind]
    messages.success(request, " ".join(told))
    return back()


def pruned(done: pruning.Outcome) -> str:
    words = ngettext(
        "%(count)d file removed, %(size)s",
        "%(count)d files removed, %(size)s",
        done.removed,
    )
    counts = {"count": done.removed, "size": filesizeformat(max(0, done.size))}
    return f"{cards.TITLES[Kind(done.kind)]}: {words % counts}."


@require_POST
@permission_required(DELETE, raise_exception=True)
def mend(request: HttpRequest) -> HttpResponse:
    """Compare the folders with the index, as upkeep does, for a while at most."""
    end = time.monotonic() + LONGEST_S

    def late() -> bool:
        return time.monotonic() > end

    with leadership.held(upkeep.LEASE) as lease:
        if lease is None:
            told = gettext("Another process is at it; look again in a minute.")
            messages.warning(request, told)
            return back()
        done = [reconcile.reconcile(shelf(kind), late) for kind in Kind]
    messages.success(request, " ".join(map(mended, done)))
    if late():
        told = gettext("There was not time for all; the hourly upkeep does the rest.")
        messages.warning(request, told)
    return back()


def mended(done: reconcile.Outcome) -> str:
    words = gettext(
        "%(adopted)d files found and indexed, %(lost)d lost, %(parts)d unfinished "
        "removed; %(files)d files now, %(size)s"
    )
    counts = {
        "adopted": done.adopted,
        "lost": done.lost,
        "parts": done.parts,
        "files": done.files,
        "size": filesizeformat(done.size),
    }
    return f"{cards.TITLES[Kind(done.kind)]}: {words % counts}."


def back() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:cache"))
