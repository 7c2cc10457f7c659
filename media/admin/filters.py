"""Filters of the list of kept files that no column gives as it is."""

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from media import formats
from media.models import Asset

if TYPE_CHECKING:
    AssetPages = admin.ModelAdmin[Asset]
else:
    AssetPages = admin.ModelAdmin

MIB = 1024 * 1024
STEPS = (0, MIB, 10 * MIB, 100 * MIB)


class PresenceFilter(admin.SimpleListFilter):
    """Removed files stay out of sight until asked for."""

    title = _("presence")
    parameter_name = "presence"

    def lookups(
        self, request: HttpRequest, model_admin: AssetPages
    ) -> list[tuple[str, str]]:
        return [("removed", str(_("removed, can be brought back")))]

    def choices(  # type: ignore[override] # the stub's own item type is private
        self, changelist: ChangeList
    ) -> Iterator[Mapping[str, object]]:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("kept")}
        yield from others

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Asset]
    ) -> QuerySet[Asset]:
        return queryset.filter(removed_at__isnull=self.value() != "removed")


class TypeFilter(admin.SimpleListFilter):
    title = _("type")
    parameter_name = "mime"

    def lookups(
        self, request: HttpRequest, model_admin: AssetPages
    ) -> list[tuple[str, str]]:
        return [(mime, mime) for mime in sorted(formats.SERVED)]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Asset]
    ) -> QuerySet[Asset]:
        return queryset.filter(mime=self.value()) if self.value() else queryset


class SizeFilter(admin.SimpleListFilter):
    title = _("size")
    parameter_name = "size_from"

    def lookups(
        self, request: HttpRequest, model_admin: AssetPages
    ) -> list[tuple[str, str]]:
        shown = [filesizeformat(step) for step in STEPS]
        steps = [str(step) for step in STEPS]
        names = [_("below %s") % shown[1]]
        for least, most in itertools.pairwise(shown[1:]):
            between = {"least": least, "most": most}
            names.append(_("%(least)s to %(most)s") % between)
        names.append(_("%s and more") % shown[-1])
        return list(zip(steps, names, strict=True))

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Asset]
    ) -> QuerySet[Asset]:
        chosen = self.value()
        if chosen not in {str(step) for step in STEPS}:
            return queryset
        place = STEPS.index(int(chosen))
        if place + 1 < len(STEPS):
            queryset = queryset.filter(size__lt=STEPS[place + 1])
        return queryset.filter(size__gte=STEPS[place])


class ChosenFilter(admin.SimpleListFilter):
    """Of a column with too many values for a list: shows the one that was chosen."""

    def lookups(
        self, request: HttpRequest, model_admin: AssetPages
    ) -> list[tuple[str, str]]:
        chosen = request.GET.get(str(self.parameter_name), "")
        return [(chosen, chosen)] if chosen else []

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Asset]
    ) -> QuerySet[Asset]:
        if not self.value():
            return queryset
        return queryset.filter(**{str(self.parameter_name): self.value()})


class AccountFilter(ChosenFilter):
    title = _("account")
    parameter_name = "account"


class KeyFilter(ChosenFilter):
    title = _("key")
    parameter_name = "owner"
