"""What befell accounts, and the points to which changes can be taken back."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import bulk, restorepoints
from accounts.admin import restoring
from accounts.models import RestorePoint, StatusEvent
from grokgateway.marks import IDLE, badge

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


class UndoneFilter(admin.SimpleListFilter):
    title = _("undone")
    parameter_name = "undone"

    # Any: Django's own signature
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - likewise
        return [("no", str(_("can be undone"))), ("yes", str(_("undone")))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RestorePoint]
    ) -> QuerySet[RestorePoint]:
        if self.value() not in {"no", "yes"}:
            return queryset
        return queryset.filter(undone_at__isnull=self.value() == "no")


class ActionFilter(admin.SimpleListFilter):
    title = _("what was done")
    parameter_name = "action"

    # Any: Django's own signature
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - likewise
        return [(name, str(words)) for name, words in restoring.ACTIONS.items()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RestorePoint]
    ) -> QuerySet[RestorePoint]:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(RestorePoint)
class RestorePointAdmin(PointPages):
    list_display = ["what", "at", "actor", "count", "limit", "taken_back"]
    list_filter = [UndoneFilter, ActionFilter]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["public_id", "actor"]
    search_help_text = _("id, or who did it")
    change_list_template = "admin/accounts/restorepoint/change_list.html"
    ordering = ["-id"]
    actions = ["undo"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.undo_view)
        name = "accounts_restorepoint_undo"
        return [path("<str:public_id>/undo/", view, name=name), *super().get_urls()]

    @admin.display(description=_("what was done"), ordering="action")
    def what(self, point: RestorePoint) -> str:
        return str(restoring.title(point))

    @admin.display(description=_("can be undone until"), ordering="at")
    def limit(self, point: RestorePoint) -> object:
        if point.undone_at:
            return ""
        return restoring.until(point) or _("always")

    @admin.display(description=_("undo"), ordering="undone_at")
    def taken_back(self, point: RestorePoint) -> object:
        if point.undone_at:
            at = formats.date_format(
                timezone.localtime(point.undone_at), "DATETIME_FORMAT"
            )
            return badge(IDLE, _("undone %s") % at)
        where = reverse("admin:accounts_restorepoint_undo", args=[point.public_id])
        name = _("Undo: %(what)s, %(count)d") % {
            "what": restoring.title(point),
            "count": point.count,
        }
        link = '<a class="button" href="{}" aria-label="{}">{}</a>'
        return format_html(link, where, name, _("Undo"))

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
            "what": restoring.title(point),
            "until": restoring.until(point),
            "back": None if point.undone_at else restoring.preview(point),
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
