"""The request log and stored responses in the console."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from gateway.models import ApiKey, RequestRecord, StoredResponse

if TYPE_CHECKING:
    RecordAdmin = admin.ModelAdmin[RequestRecord]
    ResponseAdmin = admin.ModelAdmin[StoredResponse]
else:
    RecordAdmin = ResponseAdmin = admin.ModelAdmin


@admin.register(RequestRecord)
class RequestRecordAdmin(RecordAdmin):
    list_display = [
        "request_id",
        "started_at",
        "key_name",
        "endpoint",
        "model",
        "account",
        "status",
        "error_code",
        "first_token_ms",
        "total_ms",
    ]
    list_filter = ["status", "endpoint", "streamed"]
    search_fields = ["request_id", "account", "model", "key"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[RequestRecord]:
        names = ApiKey.objects.filter(fingerprint=OuterRef("key")).values("name")
        return super().get_queryset(request).annotate(key_name=Subquery(names[:1]))

    @admin.display(description=_("key"))
    def key_name(self, record: RequestRecord) -> str:
        """The name of a named key, else the mark of another or `open`."""
        return getattr(record, "key_name", None) or record.key

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: RequestRecord | None = None
    ) -> bool:
        return False


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
