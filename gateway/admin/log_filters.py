"""Filters and paging of the request log, which may hold millions of rows."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from gateway.models import ApiKey, ModelRoute, RequestRecord

if TYPE_CHECKING:
    RecordPages = admin.ModelAdmin[RequestRecord]
    RecordPaginator = Paginator[RequestRecord]
else:
    RecordPages = admin.ModelAdmin
    RecordPaginator = Paginator

COUNTED_UP_TO = 10_000
DAY = "started_at__"  # what the date hierarchy asks by
SPANS = {
    "1h": (_("last hour"), timedelta(hours=1)),
    "24h": (_("last 24 hours"), timedelta(hours=24)),
    "7d": (_("last 7 days"), timedelta(days=7)),
    "all": (_("all"), None),
}
USUAL = "24h"
ENDPOINTS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/videos",
)
OUTCOMES = {
    "ok": (_("answered"), Q(status__lt=400)),
    "failed": (_("failed"), Q(status__gte=500)),
    "limited": (_("limited (429)"), Q(status=429)),
    "refused": (_("refused"), Q(status__range=(400, 498)) & ~Q(status=429)),
    "gone": (_("client left"), Q(status=499)),
}


class CappedPaginator(RecordPaginator):
    """Counts no further than anybody pages, so that a long log opens at once."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[RequestRecord] = self.object_list.order_by()  # type: ignore[attr-defined] # a changelist gives it a query
        return rows.values("pk")[:COUNTED_UP_TO].count()


class SinceFilter(admin.SimpleListFilter):
    """The last day unless asked otherwise: by this, by a date or by a search."""

    title = _("time")
    parameter_name = "since"

    def __init__(
        self,
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[RequestRecord],
        model_admin: RecordPages,
    ) -> None:
        super().__init__(request, params, model, model_admin)
        narrowed = bool(request.GET.get(SEARCH_VAR)) or any(
            name.startswith(DAY) for name in request.GET
        )
        self.usual = "all" if narrowed else USUAL

    def lookups(
        self, request: HttpRequest, model_admin: RecordPages
    ) -> list[tuple[str, str]]:
        return [(name, str(label)) for name, (label, _span) in SPANS.items()]

    def choices(  # type: ignore[override] # the stub's own item type is private
        self, changelist: ChangeList
    ) -> Iterator[Mapping[str, object]]:
        for name, (label, _span) in SPANS.items():
            yield {
                "selected": (self.value() or self.usual) == name,
                "query_string": changelist.get_query_string({"since": name}),
                "display": label,
            }

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RequestRecord]
    ) -> QuerySet[RequestRecord]:
        wanted = self.value() or self.usual
        _label, span = SPANS.get(wanted, SPANS[USUAL])
        if span is None:
            return queryset
        return queryset.filter(started_at__gte=datetime.now(UTC) - span)


class OutcomeFilter(admin.SimpleListFilter):
    title = _("outcome")
    parameter_name = "outcome"

    def lookups(
        self, request: HttpRequest, model_admin: RecordPages
    ) -> list[tuple[str, str]]:
        return [(name, str(label)) for name, (label, _rule) in OUTCOMES.items()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RequestRecord]
    ) -> QuerySet[RequestRecord]:
        chosen = OUTCOMES.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


class ModelFilter(admin.SimpleListFilter):
    """The models on offer; finding all names in the log would read the whole log."""

    title = _("model")
    parameter_name = "model"

    def lookups(
        self, request: HttpRequest, model_admin: RecordPages
    ) -> list[tuple[str, str]]:
        names = ModelRoute.objects.filter(enabled=True).values_list("name", flat=True)
        return [(name, name) for name in names]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RequestRecord]
    ) -> QuerySet[RequestRecord]:
        return queryset.filter(model=self.value()) if self.value() else queryset


class EndpointFilter(admin.SimpleListFilter):
    """The public paths; finding those in the log would read the whole log."""

    title = _("endpoint")
    parameter_name = "endpoint"

    def lookups(
        self, request: HttpRequest, model_admin: RecordPages
    ) -> list[tuple[str, str]]:
        return [(path, path) for path in ENDPOINTS]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RequestRecord]
    ) -> QuerySet[RequestRecord]:
        return queryset.filter(endpoint=self.value()) if self.value() else queryset


class KeyFilter(admin.SimpleListFilter):
    title = _("key")
    parameter_name = "key"

    def lookups(
        self, request: HttpRequest, model_admin: RecordPages
    ) -> list[tuple[str, str]]:
        return list(ApiKey.objects.values_list("fingerprint", "name")[:50])

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RequestRecord]
    ) -> QuerySet[RequestRecord]:
        return queryset.filter(key=self.value()) if self.value() else queryset
