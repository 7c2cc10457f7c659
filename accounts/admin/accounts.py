"""The list and the page of accounts; tokens are masked, writes go through the store."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts import selectors, store
from accounts.admin import audit, deeds
from accounts.admin.actions import action_of
from accounts.admin.filters import (
    ALL,
    DELETED,
    PRESENCE,
    PresenceFilter,
    RepeatedUserFilter,
)
from accounts.admin.forms import AccountForm, AccountModelForm
from accounts.credentials import masked, reveal
from accounts.models import Account, Declaration, QuotaWindow, Status
from grokgateway import crypto
from grokgateway.marks import BAD, GOOD, OFF, WAIT, badge

if TYPE_CHECKING:
    AccountPages = admin.ModelAdmin[Account]
    WindowTable = admin.TabularInline[QuotaWindow, Account]
    DeclarationTable = admin.TabularInline[Declaration, Account]
else:
    AccountPages = admin.ModelAdmin
    WindowTable = DeclarationTable = admin.TabularInline

EXPORT_PAGE = "console-account-export"  # of the console, which knows how to stream


ACCOUNT_FIELDS = (
    "public_id",
    "token",
    "user_id",
    "pool",
    "tier_source",
    "tags",
    "shown_status",
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
KINDS = {
    Status.ACTIVE: GOOD,
    Status.COOLING: WAIT,
    Status.EXPIRED: BAD,
    Status.DISABLED: OFF,
}
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


class DeclarationInline(DeclarationTable):
    model = Declaration
    extra = 0
    can_delete = False
    fields = ("kind", "at", "by")
    readonly_fields = ("kind", "at", "by")

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
        "shown_status",
        "state_reason",
        "shown_tags",
        "use_count",
        "fail_count",
        "last_use_at",
    ]
    list_filter = [
        PresenceFilter,
        "pool",
        "status",
        "tier_source",
        RepeatedUserFilter,
    ]
    list_select_related = True
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["public_id", "user_id", "state_reason"]
    search_help_text = _("id, user id or reason")
    ordering = ["-id"]
    actions = [*map(action_of, (*deeds.ALL, deeds.RECYCLE)), "export"]
    inlines = [WindowInline, DeclarationInline]
    fields = ACCOUNT_FIELDS
    readonly_fields = tuple(name for name in ACCOUNT_FIELDS if name not in EDITED)

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "accounts_account_"
        return [
            path("<int:pk>/reveal/", wrap(self.reveal_view), name=name + "reveal"),
            path("find/", wrap(self.find_view), name=name + "find"),
            *super().get_urls(),
        ]

    def find_view(self, request: HttpRequest) -> HttpResponse:
        """The account of a token, which must not stand in an address."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = selectors.find(request.POST.get("token", ""))
        if found is None:
            self.message_user(request, _("No account has it."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:accounts_account_changelist"))
        where = reverse("admin:accounts_account_change", args=[found.pk])
        return HttpResponseRedirect(where)

    # Any: Django's own shape of an action
    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleted accounts can be restored, others cannot."""
        actions = super().get_actions(request)
        presence = request.GET.get(PRESENCE)
        if presence == DELETED:
            return {name: act for name, act in actions.items() if name == "restore"}
        if presence != ALL:
            actions.pop("restore", None)
        return actions

    @admin.action(description=_("Export"), permissions=["export"])
    def export(self, request: HttpRequest, accounts: QuerySet[Account]) -> HttpResponse:
        """The page that asks in which form; it is told by address which accounts."""
        wanted = QueryDict(mutable=True)
        if request.POST.get("select_across") == "1":
            wanted.update(request.GET)
        else:
            ticked = accounts.values_list("public_id", flat=True)
            wanted.setlist("id", list(ticked[: self.list_per_page * 2]))
        return HttpResponseRedirect(f"{reverse(EXPORT_PAGE)}?{wanted.urlencode()}")

    def reveal_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One token in clear, to whoever may; it is recorded, and nothing keeps it."""
        account = self.get_object(request, str(pk))
        if not request.user.has_perm("accounts.reveal_token"):
            raise PermissionDenied
        if request.method != "POST" or account is None:
            return HttpResponseRedirect(reverse("admin:accounts_account_changelist"))
        try:
            token = reveal(account)
        except crypto.Undecipherable:
            self.message_user(request, _("No key reads it."), messages.ERROR)
            where = reverse("admin:accounts_account_change", args=[pk])
            return HttpResponseRedirect(where)
        audit.note(request, str(account), "token revealed", account)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Token"),
            "opts": self.opts,
            "account": account,
            "token": token,
        }
        template = "admin/accounts/account/revealed.html"
        return TemplateResponse(request, template, context)

    @admin.display(description=_("token"))
    def token(self, account: Account) -> str:
        return masked(account) or str(_("no key reads it"))

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, account: Account) -> str:
        return badge(KINDS[Status(account.status)], account.get_status_display())

    @admin.display(description=_("tags"))
    def shown_tags(self, account: Account) -> str:
        return ", ".join(account.tags)

    def has_run_jobs_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.run_jobs")

    def has_take_out_permission(self, request: HttpRequest) -> bool:
        """Out of service and back; rows themselves are deleted by nobody."""
        return request.user.has_perm("accounts.delete_account")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.export_accounts")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Account | None = None
    ) -> bool:
        return False

    # the stub leaves the form and its type open
    def save_model(
        self, request: HttpRequest, obj: Account, form: AccountModelForm, change: bool
    ) -> None:
        store.edit(obj.pk, obj.pool, obj.tags)
