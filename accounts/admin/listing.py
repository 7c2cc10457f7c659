"""The list of accounts: what a page of it needs at once, and the cards above it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.views.main import ChangeList
from django.db.models import Max, QuerySet, prefetch_related_objects
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.admin.filters import STANDING, Standing
from accounts.census import Census
from accounts.models import Account, Status, StatusEvent
from grokgateway.marks import BAD, GOOD, OFF, WAIT

SINCE = "since"  # an attribute of the accounts of a page


class AccountList(ChangeList):
    """Windows and the latest change of status come with two queries for a page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        page: list[Account] = list(self.result_list)
        prefetch_related_objects(page, "windows")
        latest = changed_at(page)
        for account in page:
            vars(account)[SINCE] = latest.get(account.pk)
        self.result_list = page

    def get_ordering(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> list[str | Combinable]:
        """Equal ones in the direction of the others, as an index has them."""
        ordering = super().get_ordering(request, queryset)
        first = ordering[0]
        upward = isinstance(first, str) and not first.startswith("-")
        return [*ordering[:-1], "id"] if upward else ordering


def changed_at(accounts: Iterable[Account]) -> dict[int, datetime]:
    events = StatusEvent.objects.filter(account__in=[one.pk for one in accounts])
    return dict(events.order_by().values_list("account").annotate(Max("at")))


@dataclass(frozen=True, slots=True)
class Card:
    """A number of accounts, and the list of just those."""

    kind: str
    name: str | Promise
    number: int
    query: str
    chosen: bool


def cards(taken: Census, chosen: str) -> list[Card]:
    struck = sum(pool.struck for pool in taken.pools)
    off = taken.count(Status.DISABLED) - struck
    told = (
        (Standing.READY, GOOD, _("ready"), taken.count(Status.ACTIVE)),
        (Standing.RECOVERS, WAIT, _("recover by themselves"), taken.count("cooling")),
        (Standing.WANTED, BAD, _("need you"), taken.count(Status.EXPIRED) + struck),
        (Standing.OFF, OFF, _("disabled by you"), off),
    )
    return [
        Card(kind, name, number, f"?{STANDING}={standing}", standing == chosen)
        for standing, kind, name, number in told
    ]
