"""The request log and stored responses in the console."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway import tallies
from gateway.admin import captures, log_filters, timelines
from gateway.models import ApiKey, RequestRecord, StoredResponse
from grokgateway import moments
from grokgateway.marks import BAD, GOOD, IDLE, WAIT, badge

if TYPE_CHECKING:
    RecordAdmin = admin.ModelAdmin[RequestRecord]
    ResponseAdmin = admin.ModelAdmin[StoredResponse]
else:
    RecordAdmin = ResponseAdmin = admin.ModelAdmin

KINDS = {"": GOOD, "gone": IDLE, "limited": WAIT, "refused": WAIT, "failed": BAD}
FACTS = (
    "started",
    "endpoint",
    "model",
    "key_name",
    "answer",
    "stream",
    "first_token",
    "total",
    "tokens",
    "sent_bytes",
)


@admin.register(RequestRecord)
class RequestRecordAdmin(RecordAdmin):
    list_display = [
        "request_id",
        "started",
        "key_name",
        "model",
        "answer",
        "stream",
        "first_token",
        "total",
        "tokens",
        "tries",
        "account",
    ]
    list_filter = [
        log_filters.SinceFilter,
        log_filters.OutcomeFilter,
        log_filters.ModelFilter,
        log_filters.KeyFilter,
        log_filters.EndpointFilter,
        "streamed",
    ]
    date_hierarchy = "started_at"
    search_fields = ["request_id"]
    search_help_text = _("A request id, an account id or a model, exactly.")
    show_full_result_count = False
    list_per_page = 100
    list_max_show_all = 0
    paginator = log_filters.CappedPaginator
    fields = FACTS
    change_form_template = "admin/gateway/requestrecord/detail.html"

    def get_urls(self) -> list[URLPattern]:
        """A request is also found by the id that its caller was told."""
        by_id = path(
            "by-id/<str:request_id>",
            self.admin_site.admin_view(self.by_id),
            name="gateway_requestrecord_by_id",
        )
        return [by_id, *super().get_urls()]

    def by_id(self, request: HttpRequest, request_id: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = RequestRecord.objects.filter(request_id=request_id).order_by("-pk")
        record = found.values_list("pk", flat=True).first()
        if record is None:
            raise Http404(_("No record of this request: it may be too old."))
        return redirect("admin:gateway_requestrecord_change", record)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RequestRecord]:
        names = ApiKey.objects.filter(fingerprint=OuterRef("key")).values("name")
        return super().get_queryset(request).annotate(key_name=Subquery(names[:1]))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[RequestRecord], search_term: str
    ) -> tuple[QuerySet[RequestRecord], bool]:
        """By what an index finds: part of a text would read the whole log."""
        term = search_term.strip()
        if not term:
            return queryset, False
        exact = Q(request_id=term) | Q(account=term) | Q(model=term)
        return queryset.filter(exact), False

    # Any: Django's own signature
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        record = self.get_object(request, object_id)
        steps = timelines.steps_of(record) if record else []
        captured = captures.of_request(request, record.request_id) if record else []
        context = {"steps": steps, "captures": captured, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description=_("key"))
    def key_name(self, record: RequestRecord) -> str:
        """The name of a named key, else the mark of another or `open`."""
        return getattr(record, "key_name", None) or record.key

    @admin.display(description=_("time"), ordering="started_at")
    def started(self, record: RequestRecord) -> str:
        return moments.moment(record.started_at)

    @admin.display(description=_("answer"), ordering="status")
    def answer(self, record: RequestRecord) -> SafeString:
        kind = KINDS[tallies.outcome_of(record.status)]
        return badge(kind, f"{record.status} {record.error_code}".strip())

    @admin.display(description=_("sent"), ordering="streamed")
    def stream(self, record: RequestRecord) -> str:
        return gettext("stream") if record.streamed else gettext("whole")

    @admin.display(description=_("first token"), ordering="first_token_ms")
    def first_token(self, record: RequestRecord) -> str:
        return seconds(record.first_token_ms)

    @admin.display(description=_("total"), ordering="total_ms")
    def total(self, record: RequestRecord) -> str:
        return seconds(record.total_ms)

    @admin.display(description=_("tokens in / out"), ordering="completion_tokens")
    def tokens(self, record: RequestRecord) -> str:
        if not record.prompt_tokens and not record.completion_tokens:
            return ""
        return f"{record.prompt_tokens} / {record.completion_tokens}"

    @admin.display(description=_("accounts asked"))
    def tries(self, record: RequestRecord) -> int:
        return len(record.attempts)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: RequestRecord | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: RequestRecord | None = None
    ) -> bool:
        """Records go by their age (`retention.requests_days`), never one by one."""
        return False


def seconds(took_ms: float | None) -> str:
    return "" if took_ms is None else f"{took_ms / 1000:.2f} s"


@admin.register(StoredResponse)
class StoredResponseAdmin(ResponseAdmin):
    """Which responses are kept, never what they say."""

    list_display = ["public_id", "created_at", "owner", "model", "status"]
    list_filter = ["status", "model"]
    search_fields = ["public_id", "owner"]
    exclude = ["sealed"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: StoredResponse | None = None
    ) -> bool:
        return False
