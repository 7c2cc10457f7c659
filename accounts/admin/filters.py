"""Filters of the list of accounts that no single column gives."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Account

if TYPE_CHECKING:
    AccountPages = admin.ModelAdmin[Account]
else:
    AccountPages = admin.ModelAdmin

PRESENCE = "presence"
DELETED = "deleted"
ALL = "all"


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
