"""Named API keys in the console: shown once when made, then only recognised."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from gateway import samples
from gateway.keys import store
from gateway.models import ApiKey, Capability, KeyUsage, ModelRoute, Tier
from grokgateway.marks import BAD, GOOD, OFF, badge
from media import links

if TYPE_CHECKING:
    KeyAdmin = admin.ModelAdmin[ApiKey]
    KeyModelForm = forms.ModelForm[ApiKey]
else:
    KeyAdmin = admin.ModelAdmin
    KeyModelForm = forms.ModelForm

RUN = "accounts.run_jobs"
SHOWN_DAYS = 31
NAMED = 2
LIMIT_WORDS = {
    "requests_per_min": _("%d a minute"),
    "concurrent": _("%d at once"),
    "requests_per_day": _("%d a day"),
    "tokens_per_day": _("%d tokens a day"),
}
LIMITS = ("requests_per_min", "concurrent", "requests_per_day", "tokens_per_day")
CAPTURED_FOR = timedelta(hours=24)
COVERED, KEPT = "covered", "kept"
CAPTURE_CHOICES = [
    ("", _("no")),
    (COVERED, _("with all words covered")),
    (KEPT, _("with the words of answers")),
]
MARKS = (
    "hint",
    "fingerprint",
    "capture_until",
    "created_at",
    "last_used_at",
    "recent_use",
)


class KeyForm(KeyModelForm):
    allowed_models = forms.MultipleChoiceField(
        label=_("allowed models"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all of them."),
    )
    allowed_pools = forms.MultipleChoiceField(
        label=_("allowed pools"),
        required=False,
        choices=Tier.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all of them."),
    )

    capture = forms.ChoiceField(
        label=_("Capture failures"),
        required=False,
        choices=CAPTURE_CHOICES,
        help_text=_(
            "For a day, what upstream said to requests of this key that fail is kept, "
            "without secrets, to be attached to a report. Prompts are never kept."
        ),
    )

    class Meta:
        model = ApiKey
        fields = [
            "name",
            "enabled",
            "expires_at",
            "allowed_models",
            "allowed_pools",
            *LIMITS,
        ]

    # Any: Django's own signature
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **kwargs)
        field = self.fields.get("allowed_models")
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = model_choices(self.instance.allowed_models)
        if "capture" in self.fields:
            self.fields["capture"].initial = capture_of(self.instance)

    def clean(self) -> dict[str, Any] | None:  # Any: Django's own type
        """A choice that was not changed goes on for as long as it was to."""
        found = super().clean()
        chosen = self.cleaned_data.get("capture", "")
        if chosen != capture_of(self.instance):
            ends = timezone.now() + CAPTURED_FOR
            self.instance.capture_until = ends if chosen else None
            self.instance.capture_words = chosen == KEPT
        return found


def capture_of(key: ApiKey) -> str:
    """The choice that stands; none once it has expired."""
    if key.capture_until is None or key.capture_until <= timezone.now():
        return ""
    return KEPT if key.capture_words else COVERED


def model_choices(allowed: list[str]) -> list[tuple[str, str]]:
    """All models, and those that are allowed although they are gone."""
    names = list(ModelRoute.objects.values_list("name", flat=True))
    gone = [name for name in allowed if name not in names]
    return [
        *((name, name) for name in names),
        *((name, gettext("%s (no longer offered)") % name) for name in gone),
    ]


@admin.register(ApiKey)
class ApiKeyAdmin(KeyAdmin):
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

    @admin.display(description=_("scope"))
    def may_use(self, key: ApiKey) -> str:
        """Models, then pools; both where both are bounded."""
        models = key.allowed_models
        few = ", ".join(models[:NAMED])
        if len(models) > NAMED:
            few = gettext("%(names)s and %(count)d more") % {
                "names": few,
                "count": len(models) - NAMED,
            }
        return "; ".join(filter(None, [few, ", ".join(key.allowed_pools)])) or gettext(
            "everything"
        )

    @admin.display(description=_("limits"))
    def limits(self, key: ApiKey) -> str:
        bounds = ((getattr(key, name), words) for name, words in LIMIT_WORDS.items())
        shown = [str(words % value) for value, words in bounds if value is not None]
        return ", ".join(shown) or gettext("none")

    @admin.display(description=_("more"))
    def attempt(self, key: ApiKey) -> SafeString:
        query = urlencode({"key": key.fingerprint})
        where = reverse("admin:try")
        return format_html('<a href="{}?{}">{}</a>', where, query, gettext("Try it"))

    @admin.display(description=_("requests today (UTC)"), ordering="requests_today")
    def requests_today(self, key: ApiKey) -> int:
        return int(getattr(key, "requests_today", 0))

    @admin.display(description=_("tokens today"), ordering="tokens_today")
    def tokens_today(self, key: ApiKey) -> int:
        return int(getattr(key, "tokens_today", 0))

    @admin.display(description=_("over a limit today"), ordering="refused_today")
    def refused_today(self, key: ApiKey) -> int:
        return int(getattr(key, "refused_today", 0))

    @admin.display(description=_("use by day (UTC)"))
    def recent_use(self, key: ApiKey) -> SafeString:
        since = datetime.now(UTC).date() - timedelta(days=SHOWN_DAYS)
        rows = key.usage.filter(day__gt=since).order_by("-day")
        if not rows:
            return format_html("{}", gettext("None within a month."))
        return usage_table(rows)

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


def counts_of_today() -> dict[str, Coalesce]:
    today = KeyUsage.objects.filter(
        key=OuterRef("pk"), day=datetime.now(UTC).date()
    ).annotate(tokens=F("prompt_tokens") + F("completion_tokens"))
    return {
        f"{name}_today": Coalesce(Subquery(today.values(name)[:1]), Value(0))
        for name in ("requests", "tokens", "refused")
    }


def usage_table(rows: QuerySet[KeyUsage]) -> SafeString:
    heads = (
        gettext("day"),
        gettext("requests"),
        gettext("failed"),
        gettext("over a limit"),
        gettext("tokens in"),
        gettext("tokens out"),
    )
    line = "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
    lines = (
        (
            row.day.isoformat(),
            row.requests,
            row.failed,
            row.refused,
            row.prompt_tokens,
            row.completion_tokens,
        )
        for row in rows
    )
    return format_html(
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        format_html_join("", line, lines),
    )
