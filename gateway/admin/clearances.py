"""Clearances in the console: which nodes have one, how old, what failed."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from gateway.admin.notes import note
from gateway.egress_tables import ClearanceBundle
from gateway.exits import store
from grokgateway.marks import BAD, GOOD, WAIT, badge

if TYPE_CHECKING:
    ClearancePages = admin.ModelAdmin[ClearanceBundle]
else:
    ClearancePages = admin.ModelAdmin

FACTS = (
    "node",
    "origin",
    "state",
    "version",
    "user_agent",
    "browser",
    "made_at",
    "used_at",
    "failures",
    "failed_at",
    "retry_at",
    "last_error",
)


@admin.register(ClearanceBundle)
class ClearanceBundleAdmin(ClearancePages):
    list_display = ["node", "origin", "state", "made_at", "used_at", "last_error"]
    list_filter = ["valid"]
    list_per_page = 50
    search_fields = ["node", "origin"]
    actions = ["invalidate"]
    fields = FACTS
    readonly_fields = FACTS

    @admin.display(description=_("state"), ordering="valid")
    def state(self, bundle: ClearanceBundle) -> SafeString:
        if bundle.valid:
            return badge(GOOD, gettext("valid"))
        if bundle.failures:
            return badge(BAD, gettext("not to be had"))
        return badge(WAIT, gettext("invalid"))

    @admin.action(description=_("Make invalid"), permissions=["change"])
    def invalidate(
        self, request: HttpRequest, bundles: QuerySet[ClearanceBundle]
    ) -> None:
        count = bundles.update(valid=False, retry_at=None, failures=0)
        transaction.on_commit(store.load)
        note(request, f"invalidate: {count}", "clearances made invalid")
        told = ngettext("%d clearance is invalid.", "%d clearances are invalid.", count)
        self.message_user(request, told % count)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
