"""The form of a named key: what it may do, and how long its failures are captured."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway.models import ApiKey, ModelRoute, Tier

if TYPE_CHECKING:
    KeyModelForm = forms.ModelForm[ApiKey]
else:
    KeyModelForm = forms.ModelForm

LIMITS = ("requests_per_min", "concurrent", "requests_per_day", "tokens_per_day")
CAPTURED_FOR = timedelta(hours=24)
COVERED, KEPT = "covered", "kept"
CAPTURE_CHOICES = [
    ("", _("no")),
    (COVERED, _("with all words covered")),
    (KEPT, _("with the words of answers")),
]


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
