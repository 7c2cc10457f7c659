"""The pages of accounts with what only the gateway knows: the way that each takes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import bulk
from accounts.admin import AccountAdmin
from accounts.admin.actions import action_of
from accounts.admin.deeds import QUOTAS_STAY, Deed, Order
from accounts.bulk import Changed
from accounts.models import Account
from gateway.egress_tables import EgressNode

if TYPE_CHECKING:
    AccountPages = admin.ModelAdmin[Account]
else:
    AccountPages = admin.ModelAdmin

ANY, NONE = "any", "none"


def nodes() -> Sequence[tuple[str, str]]:
    rows = EgressNode.objects.values_list("name", "shown")
    return [(name, f"{name} ({shown})") for name, shown in rows]


class PinForm(forms.Form):
    node = forms.ChoiceField(label=_("Proxy node"), choices=nodes)


def pin(order: Order) -> Changed:
    return bulk.pin(order.ids, order.answers["node"], order.by)


def unpin(order: Order) -> Changed:
    return bulk.pin(order.ids, "", order.by)


PIN = Deed(
    "pin",
    _("Pin to a proxy node"),
    pin,
    told=_(
        "Calls for these accounts go by this node alone. While it is out they fail, "
        "and other accounts are asked."
    ),
    spared=QUOTAS_STAY,
    form=PinForm,
)
UNPIN = Deed("unpin", _("Unpin from the proxy node"), unpin)


class PinnedFilter(admin.SimpleListFilter):
    title = _("pinned to")
    parameter_name = "node"

    def lookups(
        self, request: HttpRequest, model_admin: AccountPages
    ) -> list[tuple[str, str]]:
        pinned = Account.objects.exclude(node="").values_list("node", flat=True)
        named = sorted(set(pinned.distinct()))
        either = [(NONE, str(_("none"))), (ANY, str(_("any node")))]
        return [*either, *((f"={name}", name) for name in named)] if named else []

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Account]
    ) -> QuerySet[Account]:
        match self.value():
            case None:
                return queryset
            case "none":
                return queryset.filter(node="")
            case "any":
                return queryset.exclude(node="")
            case named:
                return queryset.filter(node=named.removeprefix("="))


class PinnableAccountAdmin(AccountAdmin):
    deeds: tuple[Deed, ...] = (*AccountAdmin.deeds, PIN, UNPIN)
    actions = [*AccountAdmin.actions, action_of(PIN), action_of(UNPIN)]
    list_filter = [*AccountAdmin.list_filter, PinnedFilter]


admin.site.unregister(Account)
admin.site.register(Account, PinnableAccountAdmin)
