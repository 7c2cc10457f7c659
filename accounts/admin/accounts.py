"""The list and the page of accounts; tokens are masked, writes go through the store."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from accounts import census, selectors, store
from accounts.admin import audit, filters, listing, page, shown
from accounts.admin import deeds as common
from accounts.admin.actions import action_of, perform
from accounts.admin.forms import AccountForm, AccountModelForm
from accounts.credentials import masked, reveal
from accounts.models import Account, Declaration
from grokgateway import crypto
from grokgateway.replica import writing

if TYPE_CHECKING:
    AccountPages = admin.ModelAdmin[Account]
    DeclarationTable = admin.TabularInline[Declaration, Account]
else:
    AccountPages = admin.ModelAdmin
    DeclarationTable = admin.TabularInline

EXPORT_PAGE = "console-account-export"  # of the console, which knows how to stream


STATE = (
    "shown_status",
    "cooling_until",
    "success",
    "last_use_at",
    "last_fail_at",
    "last_fail_reason",
    "last_sync_at",
    "node",
    "deleted_at",
)
FACTS = (
    "public_id",
    "token",
    "user_id",
    "tier_source",
    "server_faults",
    "use_count",
    "fail_count",
    "sync_count",
    "next_sync_at",
    "created_at",
    "updated_at",
)
EDITED = ("pool", "tags", "note")


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
    deeds: tuple[common.Deed, ...] = (*common.ALL, common.RECYCLE)
    form = AccountForm
    list_display = [
        "name",
        "pool",
        "shown_status",
        "quota",
        "success",
        "used",
        "next_change",
        "shown_tags",
    ]
    list_filter = [
        filters.PresenceFilter,
        filters.StandingFilter,
        "pool",
        "status",
        filters.ReasonFilter,
        filters.TagFilter,
        filters.ModeFilter,
        filters.UsedFilter,
        filters.AddedFilter,
        "tier_source",
        filters.RepeatedUserFilter,
        filters.FailedInJobFilter,
    ]
    list_select_related = True
    list_per_page = 50
    show_full_result_count = False
    list_max_show_all = 0
    search_fields = ["public_id", "user_id", "tags", "note", "state_reason"]
    search_help_text = _("id, user id, tag, note or reason")
    ordering = ["-id"]
    actions = [*map(action_of, deeds), "export"]
    inlines = [DeclarationInline]
    fieldsets = [
        (None, {"fields": EDITED}),
        (_("State"), {"fields": STATE}),
        (_("More facts"), {"fields": FACTS, "classes": ["collapse"]}),
    ]
    readonly_fields = (*STATE, *FACTS)

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "accounts_account_"
        return [
            path("<int:pk>/reveal/", wrap(self.reveal_view), name=name + "reveal"),
            path("<int:pk>/act/", wrap(self.act_view), name=name + "act"),
            path("find/", wrap(self.find_view), name=name + "find"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **_more: object) -> type[ChangeList]:
        return listing.AccountList

    # Any: Django's own signature
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        chosen = request.GET.get(filters.STANDING, "")
        shown_above = {"cards": listing.cards(census.kept(), chosen)}
        return super().changelist_view(request, shown_above | (extra_context or {}))

    # Any: Django's own signature
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        account = self.get_object(request, object_id)
        beside = page.beside(account, timezone.now()) if account else {}
        if account:
            fit = page.buttons(account, timezone.now())
            beside["buttons"] = [one for one in fit if self.allows(request, one.deed)]
        context = {**beside, **(extra_context or {})}
        if request.method != "POST":
            return super().change_view(request, object_id, form_url, context)
        with writing():  # Django's own transaction is then a part of it
            return super().change_view(request, object_id, form_url, context)

    # Any: Django's own signature
    def get_inlines(self, request: HttpRequest, obj: Account | None) -> list[Any]:
        declared = obj is not None and obj.declarations.exists()
        return [DeclarationInline] if declared else []

    def allows(self, request: HttpRequest, deed: common.Deed) -> bool:
        return bool(getattr(self, f"has_{deed.permission}_permission")(request))

    def act_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One of the list's actions on one account, back on its page when done."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        where = reverse("admin:accounts_account_change", args=[pk])
        named = request.POST.get("action", "")
        deed = next((one for one in self.deeds if one.name == named), None)
        if deed is None:
            return HttpResponseRedirect(where)
        if not self.allows(request, deed):
            raise PermissionDenied
        asked = perform(self, request, self.get_queryset(request).filter(pk=pk), deed)
        return asked or HttpResponseRedirect(where)

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
        presence = request.GET.get(filters.PRESENCE)
        if presence == filters.DELETED:
            return {name: act for name, act in actions.items() if name == "restore"}
        if presence != filters.ALL:
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
            if not ticked:
                told = _("The accounts that were ticked are no longer here.")
                self.message_user(request, told, messages.WARNING)
                return HttpResponseRedirect(request.get_full_path())
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
        return shown.status(account, vars(account).get(listing.SINCE))

    @admin.display(description=_("account"), ordering="public_id")
    def name(self, account: Account) -> str:
        """The id, below it what may be seen of the token, and what was noted."""
        below = [line for line in (self.token(account), account.note) if line]
        notes = format_html_join("", '<span class="note">{}</span>', zip(below))
        return format_html("{}{}", account.public_id, notes)

    @admin.display(description=_("quota"))
    def quota(self, account: Account) -> str:
        return shown.quota(account.windows.all(), timezone.now())

    @admin.display(description=_("success"))
    def success(self, account: Account) -> str:
        return shown.success(account)

    @admin.display(description=_("last use"), ordering="last_use_at")
    def used(self, account: Account) -> str:
        return shown.moment(account.last_use_at)

    @admin.display(description=_("next change"))
    def next_change(self, account: Account) -> str:
        now = timezone.now()
        return shown.moment(shown.next_change(account, account.windows.all(), now))

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
        store.edit(obj.pk, obj.pool, obj.tags, obj.note)
