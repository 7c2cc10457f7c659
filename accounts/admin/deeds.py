"""What can be done to many accounts from their list: one entry an action.

What reaches upstream becomes a batch job; everything else is done at once and kept in
a restore point.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import bulk
from accounts.admin.forms import ON, NsfwForm, TagForm, TermsForm, TierForm
from accounts.bulk import Changed
from accounts.credentials import masked
from accounts.models import Account
from accounts.store.values import chunks
from grokgateway import config
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from grokgateway.jobs.models import BatchJob

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

CONCURRENCY = {
    "refresh": "batch.refresh_concurrency",
    "nsfw": "batch.nsfw_concurrency",
    "accept-terms": "batch.nsfw_concurrency",
    "cache-clear": "batch.asset_delete_concurrency",
}
Answers = Mapping[str, Any]  # what a form has cleaned


class Order(NamedTuple):
    """The accounts as they were when it was given."""

    ids: list[int]
    by: str
    answers: Answers
    scope: str = ""  # in words


@dataclass(frozen=True, slots=True)
class Deed:
    """`told` says what happens and `spared` what does not, where it is asked first."""

    name: str
    label: "_StrPromise"
    do: Callable[[Order], Changed | BatchJob]
    permission: str = "change"
    told: "_StrPromise | None" = None
    spared: "_StrPromise | None" = None
    form: type[forms.Form] = forms.Form

    @property
    def asks(self) -> bool:
        return self.told is not None


def enable(order: Order) -> Changed:
    return bulk.enable(order.ids, order.by)


def restore(order: Order) -> Changed:
    return bulk.restore(order.ids, order.by)


def disable(order: Order) -> Changed:
    return bulk.disable(order.ids, order.by)


def clear_cooldown(order: Order) -> Changed:
    return bulk.clear_cooldown(order.ids, order.by)


def set_tier(order: Order) -> Changed:
    return bulk.move(order.ids, order.answers["pool"], order.by)


def add_tags(order: Order) -> Changed:
    return bulk.tag(order.ids, order.answers["tags"], (), order.by)


def remove_tags(order: Order) -> Changed:
    return bulk.tag(order.ids, (), order.answers["tags"], order.by)


def take_out(order: Order) -> Changed:
    return bulk.delete(order.ids, order.by)


def refresh(order: Order) -> BatchJob:
    return job("refresh", order, {})


def accept_terms(order: Order) -> BatchJob:
    return job("accept-terms", order, {})


def nsfw(order: Order) -> BatchJob:
    params: dict[str, object] = {"enabled": order.answers["switch"] == ON}
    born = order.answers["birth_date"]
    if params["enabled"] and isinstance(born, date):
        params["birth_date"] = born.isoformat()
    return job("nsfw", order, params)


def clear_assets(order: Order) -> BatchJob:
    return job("cache-clear", order, {})


def job(kind: str, order: Order, params: Mapping[str, object]) -> BatchJob:
    found = (a for c in chunks(order.ids) for a in Account.objects.filter(pk__in=c))
    targets = (Target(account.public_id, masked(account)) for account in found)
    at_once = config.current().number(CONCURRENCY[kind])
    return batches.create(
        kind,
        targets,
        params={**params, "by": order.by},
        by=order.by,
        concurrency=at_once,
        scope=order.scope,
    )


QUOTAS_STAY = _("Status, tier and quotas stay as they are; it can be undone.")
RECYCLE = Deed("restore", _("Restore"), restore, "take_out")
ALL = (
    Deed("enable", _("Enable (clears failures)"), enable),
    Deed("disable", _("Disable"), disable),
    Deed("clear_cooldown", _("Clear cooldown"), clear_cooldown),
    Deed(
        "set_tier",
        _("Set tier"),
        set_tier,
        told=_("These accounts move to the tier, with its quotas until a refresh."),
        spared=_("Tags and counters stay as they are; it can be undone."),
        form=TierForm,
    ),
    Deed(
        "add_tags",
        _("Add tags"),
        add_tags,
        told=_("These accounts get the tags."),
        spared=QUOTAS_STAY,
        form=TagForm,
    ),
    Deed(
        "remove_tags",
        _("Remove tags"),
        remove_tags,
        told=_("These accounts lose the tags."),
        spared=QUOTAS_STAY,
        form=TagForm,
    ),
    Deed(
        "refresh",
        _("Refresh quota"),
        refresh,
        "run_jobs",
        told=_("A job asks upstream what these accounts have left."),
        spared=_("Nothing is spent at upstream."),
    ),
    Deed(
        "accept_terms",
        _("Accept upstream's terms"),
        accept_terms,
        "run_jobs",
        told=_("A job accepts upstream's terms of service for these accounts."),
        spared=_("This cannot be undone. Quotas and files are not touched."),
        form=TermsForm,
    ),
    Deed(
        "nsfw",
        _("Switch adult content"),
        nsfw,
        "run_jobs",
        told=_("A job switches adult content at upstream for these accounts."),
        spared=_(
            "A declared birth date cannot be undone. Who declared it, and when, is "
            "recorded. Quotas and files are not touched."
        ),
        form=NsfwForm,
    ),
    Deed(
        "clear_assets",
        _("Delete files at upstream"),
        clear_assets,
        "run_jobs",
        told=_("A job deletes all files these accounts have at upstream."),
        spared=_("This cannot be undone. Files kept by the gateway stay."),
    ),
    Deed(
        "take_out",
        _("Delete (can be restored)"),
        take_out,
        "take_out",
        told=_("These accounts serve no more requests and move to the recycle list."),
        spared=_(
            "Their rows stay until the retention of deleted accounts is over; it can "
            "be undone."
        ),
    ),
)
