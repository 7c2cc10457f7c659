"""The form of a proxy node: its address, and a clearance that is set by hand."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway.egress.proxies import BadProxy, parse
from gateway.egress_tables import EgressNode
from gateway.exits import manual, store
from gateway.upstream.cookies import MAX_BYTES

if TYPE_CHECKING:
    NodeModelForm = forms.ModelForm[EgressNode]
else:
    NodeModelForm = forms.ModelForm

OWN = ("scope", "enabled", "priority", "weight", "verify", "notes")
BY_HAND = ("user_agent", "cookies", "forget")


class Unseen(forms.Textarea):
    """What is typed into it never comes back, not even where it was refused."""

    def format_value(self, value: object) -> str:
        return ""


class NodeForm(NodeModelForm):
    url = forms.CharField(
        label=_("address"),
        required=False,
        strip=True,
        max_length=8192,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "http://, https://, socks4:// or socks5://, with user name and password if "
            "need be; {account} in the user name becomes each account's own. "
            "It is never shown again: leave it empty to keep the one that is set."
        ),
    )

    cookies = forms.CharField(
        label=_("cookies set by hand"),
        required=False,
        max_length=MAX_BYTES,
        widget=Unseen(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "For manual mode, as the browser behind this proxy has them; only "
            "Cloudflare's are kept. They are never shown again: leave it empty to keep "
            "those that are set."
        ),
    )
    forget = forms.BooleanField(
        label=_("forget the cookies set by hand"), required=False
    )

    class Meta:
        model = EgressNode
        fields = ["name", "url", *OWN, "user_agent"]

    def clean_cookies(self) -> str:
        text: str = self.cleaned_data["cookies"]
        try:
            return manual.read(text) if text.strip() else ""
        except manual.BadCookies as fault:
            raise forms.ValidationError(
                gettext("They %s.") % gettext(str(fault))
            ) from fault

    def clean_user_agent(self) -> str:
        try:
            return manual.read_agent(self.cleaned_data["user_agent"])
        except manual.BadCookies as fault:
            raise forms.ValidationError(
                gettext("They %s.") % gettext(str(fault))
            ) from fault

    def clean(self) -> dict[str, Any] | None:  # Any: Django's own type
        found = super().clean()
        if "url" not in self.fields:
            return found
        url = self.cleaned_data.get("url", "")
        if not url and self.instance._state.adding:
            self.add_error("url", gettext("A node needs an address."))
        if url:
            self._address(url)
        return found

    def _address(self, url: str) -> None:
        name = self.cleaned_data.get("name") or self.instance.name
        try:
            proxy = parse(url)
            store.fill(EgressNode(name=name), proxy)
        except BadProxy as fault:
            self.add_error("url", gettext("The address %s.") % gettext(str(fault)))
        except store.NameReserved:
            told = gettext("Names like this are given by the configuration.")
            self.add_error("name" if "name" in self.fields else "url", told)


def by_hand(*facts: str) -> tuple[str, dict[str, list[str]]]:
    return gettext("Clearance set by hand"), {"fields": [*facts, *BY_HAND]}
