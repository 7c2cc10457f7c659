"""Model routes and the request log in the console."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from gateway.models import ModelRoute, RequestRecord, StoredResponse

if TYPE_CHECKING:
    RouteAdmin = admin.ModelAdmin[ModelRoute]
    RecordAdmin = admin.ModelAdmin[RequestRecord]
    ResponseAdmin = admin.ModelAdmin[StoredResponse]
else:
    RouteAdmin = RecordAdmin = ResponseAdmin = admin.ModelAdmin


@admin.register(ModelRoute)
class ModelRouteAdmin(RouteAdmin):
    list_display = [
        "name",
        "display_name",
        "capability",
        "mode",
        "tier",
        "prefer_best",
        "enabled",
    ]
    list_filter = ["capability", "tier", "enabled"]
    search_fields = ["name", "display_name"]
    readonly_fields = ["shipped_name", "shipped", "updated_at"]


@admin.register(RequestRecord)
class RequestRecordAdmin(RecordAdmin):
    list_display = [
        "request_id",
        "started_at",
        "endpoint",
        "model",
        "account",
        "status",
        "error_code",
        "first_token_ms",
        "total_ms",
    ]
    list_filter = ["status", "endpoint", "streamed"]
    search_fields = ["request_id", "account", "model"]
    show_full_result_count = False

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
