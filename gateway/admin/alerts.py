"""Alerts in the console: what wants a person now, what did, and a test of the ways."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from gateway.alert_tables import Alert
from gateway.alerts import delivery, wording
from grokgateway import config
from grokgateway.marks import BAD, IDLE, badge

if TYPE_CHECKING:
    AlertPages = admin.ModelAdmin[Alert]
else:
    AlertPages = admin.ModelAdmin

FACTS = (
    "state",
    "words",
    "remedy",
    "since",
    "seen_at",
    "ended_at",
    "told_at",
    "failure",
    "examined",
)
WAYS = ("alerts.webhook_url", "alerts.emails")


@admin.register(Alert)
class AlertAdmin(AlertPages):
    list_display = ["words", "state", "since", "ended_at", "told_at", "failure"]
    list_filter = ["kind", ("ended_at", admin.EmptyFieldListFilter)]
    list_per_page = 50
    show_full_result_count = False
    fields = FACTS
    change_list_template = "admin/gateway/alert/list.html"

    def get_urls(self) -> list[URLPattern]:
        test = self.admin_site.admin_view(require_POST(self.send_test))
        return [path("test/", test, name="gateway_alert_test"), *super().get_urls()]

    def send_test(self, request: HttpRequest) -> HttpResponse:
        """Tell all that are set up that nothing is wrong, and whether that works."""
        if not request.user.has_perm("gateway.change_alert"):
            raise PermissionDenied
        if not any(config.current().stored(way) for way in WAYS):
            told = gettext("Neither a webhook nor a mail address is set.")
            self.message_user(request, told, messages.WARNING)
        elif failure := async_to_sync(delivery.deliver)(sample()):
            told = gettext("The test was not delivered: %s.") % failure
            self.message_user(request, told, messages.ERROR)
        else:
            self.message_user(request, gettext("The test is delivered."))
        return redirect("admin:gateway_alert_changelist")

    @admin.display(description=_("what"))
    def words(self, alert: Alert) -> str:
        return wording.told(alert.kind, alert.about)

    @admin.display(description=_("what to do"))
    def remedy(self, alert: Alert) -> str:
        return wording.remedy(alert.kind)

    @admin.display(description=_("examination"))
    def examined(self, alert: Alert) -> SafeString | str:
        if not alert.examination:
            return ""
        where = f"{reverse('admin:doctor')}?{urlencode({'run': alert.examination})}"
        told = gettext("What the doctor found")
        return format_html('<a href="{}">{}</a>', where, told)

    @admin.display(description=_("state"), ordering="ended_at")
    def state(self, alert: Alert) -> SafeString:
        if alert.ended_at is None:
            return badge(BAD, gettext("now"))
        return badge(IDLE, gettext("over"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Alert | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Alert | None = None
    ) -> bool:
        return False


def sample() -> Alert:
    now = datetime.now(UTC)
    return Alert(kind="test", since=now, seen_at=now)
