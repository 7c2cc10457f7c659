"""Filters of the list of accounts that no single column gives."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import census, selectors
from accounts.admin import shown
from accounts.models import Account, QuotaWindow, Status
from accounts.quotas import TOTALS
from grokgateway.jobs.models import BatchItem, BatchJob, ItemState

if TYPE_CHECKING:
    AccountPages = admin.ModelAdmin[Account]
else:
    AccountPages = admin.ModelAdmin

PRESENCE = "presence"
DELETED = "deleted"
ALL = "all"
STANDING = "standing"
FAILED_JOB = "failed_job"
JOBS_OFFERED = 8
JOBS: Mapping[str, str | Promise] = {
    "refresh": _("Refresh quotas"),
    "accept-terms": _("Accept upstream's terms"),
    "nsfw": _("Switch adult content"),
    "cache-clear": _("Delete files at upstream"),
}
AGES = {"day": 1, "week": 7, "month": 30}
AGE_WORDS = (
    ("day", _("within 24 hours")),
    ("week", _("within 7 days")),
    ("month", _("within 30 days")),
    ("older", _("longer ago")),
)


class Standing(StrEnum):
    """What an operator has to do about an account."""

    READY = "ready"
    RECOVERS = "recovers"
    WANTED = "needs_you"
    OFF = "off"


STANDINGS = {
    Standing.READY: Q(status=Status.ACTIVE),
    Standing.RECOVERS: Q(status=Status.COOLING),
    Standing.WANTED: Q(status=Status.EXPIRED) | selectors.STRUCK,
    Standing.OFF: Q(status=Status.DISABLED, state_reason=selectors.BY_OPERATOR),
}


class PresenceFilter(admin.SimpleListFilter):
    """Deleted accounts stay out of sight until asked for."""

    title = _("presence")
    parameter_name = PRESENCE

    def lookups(
        self, request: HttpRequest, model_admin: AccountPages
    ) -> list[tuple[str, str]]:
        return [(DELETED, str(_("deleted"))), (ALL, str(_("all")))]

    def choices(  # type: ignore[override] # the stub's own item type is private
        self, changelist: ChangeList
    ) -> Iterator[Mapping[str, object]]:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("live")}
        yield from others

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> QuerySet[Account]:
        if self.value() == ALL:
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != DELETED)


class RepeatedUserFilter(admin.SimpleListFilter):
    """Users of whom several credentials are here, so that one quota counts twice."""

    title = _("user")
    parameter_name = "user"

    def lookups(
        self, request: HttpRequest, model_admin: AccountPages
    ) -> list[tuple[str, str]]:
        return [("repeated", str(_("imported more than once")))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> QuerySet[Account]:
        if self.value() != "repeated":
            return queryset
        others = Account.objects.filter(user_id=OuterRef("user_id"), deleted_at=None)
        others = others.exclude(pk=OuterRef("pk"))
        known = queryset.exclude(user_id="")
        return known.filter(Exists(others)).order_by(F("user_id"), "pk")


class StandingFilter(admin.SimpleListFilter):
    title = _("standing")
    parameter_name = STANDING

    def lookups(
        self, request: HttpRequest, model_admin: AccountPages
    ) -> list[tuple[str, str]]:
        return [
            (Standing.READY, str(_("ready"))),
            (Standing.RECOVERS, str(_("recovers by itself"))),
            (Standing.WANTED, str(_("needs you"))),
            (Standing.OFF, str(_("disabled by you"))),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> QuerySet[Account]:
        wanted = self.value()
        if wanted not in set(Standing):
            return queryset
        return queryset.filter(STANDINGS[Standing(wanted)])


class ReasonFilter(admin.SimpleListFilter):
    """Reasons that occur; one that is gone may still be asked for."""

    title = _("reason")
    parameter_name = "reason"

    def lookups(
        self, request: HttpRequest, model_admin: AccountPages
    ) -> list[tuple[str, str]]:
        return [(code, shown.reason(code)) for code in census.kept().reasons]

    def has_output(self) -> bool:
        return True

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> QuerySet[Account]:
        code = self.value()
        return queryset.filter(state_reason=code) if code else queryset


class TagFilter(admin.SimpleListFilter):
    title = _("tag")
    parameter_name = "tag"

    def lookups(
        self, request: HttpRequest, model_admin: AccountPages
    ) -> list[tuple[str, str]]:
        return [(tag, tag) for tag in census.kept().tags]

    def has_output(self) -> bool:
        return True

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> QuerySet[Account]:
        """By the JSON text, which every database can look into."""
        tag = self.value()
        if not tag:
            return queryset
        escaped, plain = json.dumps(tag), json.dumps(tag, ensure_ascii=False)
        return queryset.filter(Q(tags__icontains=escaped) | Q(tags__icontains=plain))


class ModeFilter(admin.SimpleListFilter):
    """Accounts that have something left of a mode."""

    title = _("has quota for")
    parameter_name = "mode"

    def lookups(
        self, request: HttpRequest, model_admin: AccountPages
    ) -> list[tuple[str, str]]:
        modes = sorted({mode for totals in TOTALS.values() for mode in totals})
        return [(mode, mode) for mode in modes]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> QuerySet[Account]:
        mode = self.value()
        if not mode:
            return queryset
        full = Q(reset_at__lte=timezone.now(), total__gt=0)
        windows = QuotaWindow.objects.filter(mode=mode, account=OuterRef("pk"))
        return queryset.filter(Exists(windows.filter(full | Q(remaining__gt=0))))


class UsedFilter(admin.SimpleListFilter):
    title = _("last used")
    parameter_name = "used"

    def lookups(
        self, request: HttpRequest, model_admin: AccountPages
    ) -> list[tuple[str, str]]:
        words = [(name, str(word)) for name, word in AGE_WORDS]
        return [*words, ("never", str(_("never")))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> QuerySet[Account]:
        wanted = self.value()
        if wanted == "never":
            return queryset.filter(last_use_at=None)
        return aged(queryset, "last_use_at", wanted, timezone.now())


class AddedFilter(admin.SimpleListFilter):
    title = _("added")
    parameter_name = "added"

    def lookups(
        self, request: HttpRequest, model_admin: AccountPages
    ) -> list[tuple[str, str]]:
        return [(name, str(word)) for name, word in AGE_WORDS]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> QuerySet[Account]:
        return aged(queryset, "created_at", self.value(), timezone.now())


class FailedInJobFilter(admin.SimpleListFilter):
    """Accounts on which one of the latest jobs failed."""

    title = _("job item failed")
    parameter_name = FAILED_JOB

    def lookups(
        self, request: HttpRequest, model_admin: AccountPages
    ) -> list[tuple[str, str]]:
        jobs = BatchJob.objects.filter(kind__in=JOBS, fail__gt=0).order_by("-id")
        return [(job.public_id, job_words(job)) for job in jobs[:JOBS_OFFERED]]

    def has_output(self) -> bool:
        return True

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> QuerySet[Account]:
        job = self.value()
        if not job:
            return queryset
        items = BatchItem.objects.filter(job__public_id=job, state=ItemState.FAILED)
        return queryset.filter(public_id__in=items.values("target"))


def job_words(job: BatchJob) -> str:
    at = date_format(timezone.localtime(job.created_at), "SHORT_DATETIME_FORMAT")
    return f"{JOBS[job.kind]}, {at} ({job.fail})"


def aged(
    accounts: QuerySet[Account], field: str, wanted: str | None, now: datetime
) -> QuerySet[Account]:
    if wanted == "older":
        before = now - timedelta(days=AGES["month"])
        return accounts.filter(**{f"{field}__lt": before})
    if wanted in AGES:
        since = now - timedelta(days=AGES[wanted])
        return accounts.filter(**{f"{field}__gte": since})
    return accounts
