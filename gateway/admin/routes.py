"""Model routes in the console."""

from typing import TYPE_CHECKING

from django.contrib import admin

from gateway.models import ModelRoute

if TYPE_CHECKING:
    RouteAdmin = admin.ModelAdmin[ModelRoute]
else:
    RouteAdmin = admin.ModelAdmin


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
