"""Console pages of accounts; tokens are masked, every write goes through the store."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import bulk, restorepoints, selectors, store
from accounts.credentials import masked
from accounts.documents import TAG_MAX_CHARS
from accounts.models import Account, QuotaWindow, RestorePoint, StatusEvent
from accounts.tokens import clean_tags

if TYPE_CHECKING:
    AccountPages = admin.ModelAdmin[Account]
    EventPages = admin.ModelAdmin[StatusEvent]
    PointPages = admin.ModelAdmin[RestorePoint]
    AccountModelForm = forms.ModelForm[Account]
    WindowTable = admin.TabularInline[QuotaWindow, Account]
else:
    AccountPages = EventPages = PointPages = admin.ModelAdmin
    AccountModelForm = forms.ModelForm
    WindowTable = admin.TabularInline


ACCOUNT_FIELDS = (
    "public_id",
    "token",
    "user_id",
    "pool",
    "tier_source",
    "tags",
    "status",
    "state_reason",
    "cooling_until",
    "server_faults",
    "use_count",
    "fail_count",
    "sync_count",
    "last_use_at",
    "last_fail_at",
    "last_fail_reason",
    "last_sync_at",
    "created_at",
    "updated_at",
    "deleted_at",
)
EDITED = ("pool", "tags")
WINDOW_FIELDS = (
    "mode",
    "remaining",
    "total",
    "window_s",
    "reset_at",
    "synced_at",
    "source",
    "cooling_until",
)


class PresenceFilter(admin.SimpleListFilter):
    """Deleted accounts stay out of sight until asked for."""

    title = _("presence")
    parameter_name = "presence"

    def lookups(
        self, request: HttpRequest, model_admin: AccountPages
    ) -> list[tuple[str, str]]:
        return [("deleted", str(_("deleted"))), ("all", str(_("all")))]

    def choices(  # type: ignore[override] # the stub's own item type is private
        self, changelist: ChangeList
    ) -> Iterator[Mapping[str, object]]:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("live")}
        yield from others

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> QuerySet[Account]:
        if self.value() == "all":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "deleted")


class AccountForm(AccountModelForm):
    tags = forms.CharField(required=False, help_text=_("separated by commas"))

    class Meta:
        model = Account
        fields = ["pool", "tags"]

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> object:
        if field_name == "tags":
            return ", ".join(self.instance.tags)
        return super().get_initial_for_field(field, field_name)

    def clean_tags(self) -> list[str]:
        tags = clean_tags(self.cleaned_data["tags"].split(","))
        if any(len(tag) > TAG_MAX_CHARS for tag in tags):
            raise forms.ValidationError(_("A tag is too long."))
        return list(tags)


class WindowInline(WindowTable):
    model = QuotaWindow
    extra = 0
    can_delete = False
    fields = WINDOW_FIELDS
    readonly_fields = WINDOW_FIELDS

    def has_add_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False


@admin.register(Account)
class AccountAdmin(AccountPages):
    form = AccountForm
    list_display = [
        "public_id",
        "token",
        "pool",
        "tier_source",
        "status",
        "state_reason",
        "shown_tags",
        "use_count",
        "fail_count",
        "last_use_at",
    ]
    list_filter = [PresenceFilter, "pool", "status", "tier_source"]
    list_select_related = True
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["public_id", "user_id", "state_reason"]
    search_help_text = _("id, user id, reason, or a whole token")
    ordering = ["-id"]
    actions = ["restore", "disable", "take_out"]
    inlines = [WindowInline]
    fields = ACCOUNT_FIELDS
    readonly_fields = tuple(name for name in ACCOUNT_FIELDS if name not in EDITED)

    @admin.display(description=_("token"))
    def token(self, account: Account) -> str:
        return masked(account) or str(_("no key reads it"))

    @admin.display(description=_("tags"))
    def shown_tags(self, account: Account) -> str:
        return ", ".join(account.tags)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Account | None = None
    ) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Account], search_term: str
    ) -> tuple[QuerySet[Account], bool]:
        found, repeats = super().get_search_results(request, queryset, search_term)
        if search_term:
            same = selectors.matching(search_term).values("pk")
            found |= queryset.filter(pk__in=same)
        return found, repeats

    # the stub leaves the form and its type open
    def save_model(
        self, request: HttpRequest, obj: Account, form: AccountModelForm, change: bool
    ) -> None:
        store.edit(obj.pk, obj.pool, obj.tags)

    @admin.action(description=_("Restore"), permissions=["change"])
    def restore(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        self.report(request, bulk.restore(ids_of(accounts), by=str(request.user)))

    @admin.action(description=_("Disable"), permissions=["change"])
    def disable(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        self.report(request, bulk.disable(ids_of(accounts), by=str(request.user)))

    @admin.action(description=_("Delete (can be restored)"), permissions=["change"])
    def take_out(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        self.report(request, bulk.delete(ids_of(accounts), by=str(request.user)))

    def report(self, request: HttpRequest, changed: bulk.Changed) -> None:
        text = ngettext("%d account changed.", "%d accounts changed.", changed.count)
        self.message_user(request, text % changed.count, messages.SUCCESS)
        if changed.undo:
            where = reverse("admin:accounts_restorepoint_changelist")
            link = format_html(
                '<a href="{}?q={}">{}</a>', where, changed.undo, _("Undo this change")
            )
            self.message_user(request, link, messages.INFO)


def ids_of(accounts: QuerySet[Account]) -> list[int]:
    return list(accounts.order_by("pk").values_list("pk", flat=True))


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
    list_display = ["public_id", "at", "action", "count", "actor", "undone_at"]
    search_fields = ["public_id", "action"]
    ordering = ["-id"]
    actions = ["undo"]

    @admin.action(description=_("Undo"), permissions=["change"])
    def undo(self, request: HttpRequest, points: QuerySet[RestorePoint]) -> None:
        """The latest change first, so that several can be taken back in a row."""
        for point in points.order_by("-pk"):
            try:
                undone = restorepoints.undo(point, by=str(request.user))
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
