"""Named API keys in the console: shown once when made, then only recognised."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from gateway import samples
from gateway.admin.key_form import LIMITS, KeyForm, KeyModelForm
from gateway.admin.key_use import KeyUse, counts_of_today
from gateway.keys import store
from gateway.models import ApiKey, Capability, ModelRoute
from grokgateway.marks import BAD, GOOD, OFF, badge
from media import links

if TYPE_CHECKING:
    KeyAdmin = admin.ModelAdmin[ApiKey]
else:
    KeyAdmin = admin.ModelAdmin

RUN = "accounts.run_jobs"
MARKS = (
    "hint",
    "fingerprint",
    "capture_until",
    "created_at",
    "last_used_at",
    "recent_use",
)


@admin.register(ApiKey)
class ApiKeyAdmin(KeyUse, KeyAdmin):
    form = KeyForm
    list_display = [
        "name",
        "hint",
        "state",
        "may_use",
        "limits",
        "requests_today",
        "tokens_today",
        "refused_today",
        "last_used_at",
        "attempt",
    ]
    list_filter = ["enabled"]
    list_per_page = 50
    search_fields = ["name", "hint", "fingerprint"]
    ordering = ["name"]
    actions = ["enable", "disable"]
    readonly_fields = MARKS

    def get_list_display(
        self, request: HttpRequest
    ) -> list[Any]:  # Any: Django's own choice of shapes
        """What leads to work at upstream is for who may start it."""
        may = request.user.has_perm(RUN)
        return [name for name in self.list_display if may or name != "attempt"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        return super().get_queryset(request).annotate(**counts_of_today())

    def get_fieldsets(  # type: ignore[override] # the stub's own type is private
        self, request: HttpRequest, obj: ApiKey | None = None
    ) -> list[tuple[str | None, dict[str, list[str]]]]:
        """A key that is yet to be made has neither marks nor use."""
        may = ["allowed_models", "allowed_pools", *LIMITS]
        both: list[tuple[str | None, dict[str, list[str]]]] = [
            (None, {"fields": ["name", "enabled", "expires_at"]}),
            (gettext("What it may do"), {"fields": may}),
        ]
        if self.has_change_permission(request, obj):
            both.append((gettext("Looking for a fault"), {"fields": ["capture"]}))
        if obj is None:
            return both
        return [*both, (gettext("Key and use"), {"fields": list(MARKS)})]

    @admin.display(description=_("status"), ordering="enabled")
    def state(self, key: ApiKey) -> SafeString:
        if not key.enabled:
            return badge(OFF, gettext("switched off"))
        if key.expires_at is None:
            return badge(GOOD, gettext("works"))
        if key.expires_at <= timezone.now():
            return badge(BAD, gettext("expired"))
        until = date_format(timezone.localtime(key.expires_at), "SHORT_DATE_FORMAT")
        return badge(GOOD, gettext("works until %s") % until)

    @admin.display(description=_("more"))
    def attempt(self, key: ApiKey) -> SafeString:
        query = urlencode({"key": key.fingerprint})
        where = reverse("admin:try")
        return format_html('<a href="{}?{}">{}</a>', where, query, gettext("Try it"))

    # the stub leaves the form and its type open
    def save_model(
        self, request: HttpRequest, obj: ApiKey, form: KeyModelForm, change: bool
    ) -> None:
        if change:
            super().save_model(request, obj, form, change)
            transaction.on_commit(store.load)
        else:
            request.made_key = store.create(obj)  # type: ignore[attr-defined] # for response_add

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key in the answer to the form itself: it is stored nowhere."""
        made: str = request.made_key  # type: ignore[attr-defined] # by save_model
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Keep this key now"),
            "opts": self.opts,
            "row": obj,
            "made": made,
            "samples": samples.first(place_of(request, obj, made)),
        }
        return TemplateResponse(request, "admin/gateway/apikey/made.html", context)

    def delete_model(self, request: HttpRequest, obj: ApiKey) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(store.load)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        super().delete_queryset(request, queryset)
        transaction.on_commit(store.load)

    def get_deleted_objects(
        self, objs: QuerySet[ApiKey] | Sequence[ApiKey], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:  # Django's own shape
        """Names the keys; of the days of their use only the number."""
        _nested, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return [str(key) for key in objs], counts, lacking, protected

    @admin.action(description=_("Enable"), permissions=["change"])
    def enable(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        self.switch(request, keys, enabled=True)

    @admin.action(description=_("Disable"), permissions=["change"])
    def disable(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        self.switch(request, keys, enabled=False)

    def switch(
        self, request: HttpRequest, keys: QuerySet[ApiKey], *, enabled: bool
    ) -> None:
        changed = list(keys.exclude(enabled=enabled))
        store.switch(changed, enabled=enabled)
        for key in changed:
            said = [{"changed": {"fields": [gettext("enabled")]}}]
            self.log_change(request, key, said)
        text = ngettext("%d key changed.", "%d keys changed.", len(changed))
        self.message_user(request, text % len(changed), messages.SUCCESS)


def place_of(request: HttpRequest, row: ApiKey, made: str) -> samples.Place:
    """What the samples name: this gateway, and a model that the key may use."""
    host, scheme = request.get_host(), request.scheme or "http"
    root = links.base(host, scheme) or request.build_absolute_uri("/").rstrip("/")
    chat = ModelRoute.objects.filter(enabled=True, capability=Capability.CHAT)
    allowed = chat.filter(name__in=row.allowed_models) if row.allowed_models else chat
    model = samples.quick_of(list(allowed.values_list("name", flat=True)))
    return samples.Place(root, model, model, made)
