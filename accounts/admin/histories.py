"""What befell accounts, and the points to which changes can be taken back."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import bulk, restorepoints
from accounts.models import RestorePoint, StatusEvent

if TYPE_CHECKING:
    EventPages = admin.ModelAdmin[StatusEvent]
    PointPages = admin.ModelAdmin[RestorePoint]
else:
    EventPages = PointPages = admin.ModelAdmin


@admin.register(StatusEvent)
class StatusEventAdmin(EventPages):
    list_display = [
        "at",
        "account",
        "from_status",
        "to_status",
        "reason",
        "actor",
        "request_id",
    ]
    list_filter = ["to_status"]
    list_select_related = ["account"]
    show_full_result_count = False
    search_fields = ["account__public_id", "reason", "request_id"]
    ordering = ["-id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: StatusEvent | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: StatusEvent | None = None
    ) -> bool:
        return False


@admin.register(RestorePoint)
class RestorePointAdmin(PointPages):
    list_display = ["public_id", "at", "action", "count", "actor", "taken_back"]
    search_fields = ["public_id", "action"]
    ordering = ["-id"]
    actions = ["undo"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.undo_view)
        name = "accounts_restorepoint_undo"
        return [path("<str:public_id>/undo/", view, name=name), *super().get_urls()]

    @admin.display(description=_("undone"))
    def taken_back(self, point: RestorePoint) -> object:
        if point.undone_at:
            return point.undone_at
        where = reverse("admin:accounts_restorepoint_undo", args=[point.public_id])
        return format_html('<a href="{}">{}</a>', where, _("Undo"))

    def undo_view(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Ask, then take one change back."""
        if not super().has_change_permission(request):
            raise PermissionDenied
        point = bulk.point_of(public_id)
        if point is None:
            raise Http404
        if request.method == "POST":
            self.undo(request, RestorePoint.objects.filter(pk=point.pk))
            return HttpResponseRedirect(reverse("admin:accounts_account_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Undo a change"),
            "opts": self.opts,
            "point": point,
        }
        return TemplateResponse(
            request, "admin/accounts/restorepoint/undo.html", context
        )

    @admin.action(description=_("Undo"), permissions=["change"])
    def undo(self, request: HttpRequest, points: QuerySet[RestorePoint]) -> None:
        """The latest change first, so that several can be taken back in a row."""
        for point in points.order_by("-pk"):
            try:
                undone = restorepoints.undo(point, by=request.user.get_username())
            except restorepoints.AlreadyUndone:
                text = _("%s was undone before.") % point
                self.message_user(request, text, messages.WARNING)
                continue
            text = ngettext(
                "%d account restored.", "%d accounts restored.", undone.restored
            )
            self.message_user(request, text % undone.restored, messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: RestorePoint | None = None
    ) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: RestorePoint | None = None
    ) -> bool:
        return False
