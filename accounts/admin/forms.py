"""What an action on accounts asks before it is done, and the form of one account."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.declarations import is_adult
from accounts.documents import TAG_MAX_CHARS
from accounts.models import Account, Pool
from accounts.tokens import clean_tags

if TYPE_CHECKING:
    AccountModelForm = forms.ModelForm[Account]
else:
    AccountModelForm = forms.ModelForm

ON, OFF = "on", "off"


def tags_in(text: str) -> list[str]:
    """Tags as typed, between commas; raises `ValidationError`."""
    tags = clean_tags(text.split(","))
    if any(len(tag) > TAG_MAX_CHARS for tag in tags):
        raise forms.ValidationError(_("A tag is too long."))
    return list(tags)


class AccountForm(AccountModelForm):
    tags = forms.CharField(required=False, help_text=_("separated by commas"))

    class Meta:
        model = Account
        fields = ["pool", "tags", "note"]

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> object:
        if field_name == "tags":
            return ", ".join(self.instance.tags)
        return super().get_initial_for_field(field, field_name)

    def clean_tags(self) -> list[str]:
        return tags_in(self.cleaned_data["tags"])


class TierForm(forms.Form):
    pool = forms.ChoiceField(label=_("Tier"), choices=Pool.choices)


class TagForm(forms.Form):
    tags = forms.CharField(label=_("Tags"), help_text=_("separated by commas"))

    def clean_tags(self) -> list[str]:
        tags = tags_in(self.cleaned_data["tags"])
        if not tags:
            raise forms.ValidationError(_("Name at least one tag."))
        return tags


class TermsForm(forms.Form):
    entitled = forms.BooleanField(
        label=_("I have the right to accept upstream's terms for these accounts.")
    )


class NsfwForm(forms.Form):
    """A birth date can be declared once at upstream: it is the operator's word."""

    switch = forms.ChoiceField(
        label=_("Adult content"),
        choices=[
            (ON, _("on: accept the terms, declare the birth date, switch on")),
            (OFF, _("off: only the switch")),
        ],
    )
    birth_date = forms.DateField(
        label=_("Birth date to declare"),
        required=False,
        widget=AdminDateWidget,
        help_text=_("At least 18 years ago. Upstream lets it be set once."),
    )
    entitled = forms.BooleanField(
        label=_("I have the right to declare this for these accounts.")
    )

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("switch") != ON or "birth_date" in self.errors:
            return
        born = self.cleaned_data.get("birth_date")
        if born is None:
            self.add_error("birth_date", _("Name the birth date to declare."))
        elif not is_adult(born, timezone.now().date()):
            self.add_error("birth_date", _("It must be at least 18 years ago."))
