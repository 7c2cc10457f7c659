"""Page: one message to a model as one of the keys, and what came of it."""

from dataclasses import dataclass

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from gateway import samples, trials
from gateway.keys.store import card_of
from gateway.models import ApiKey, ModelRoute
from gateway.recorder import Attempt
from gateway.trials import Order, Trial
from media import links

RUN = "accounts.run_jobs"
MOST_CHARS = 4000
USUAL = {"model": samples.QUICK, "key": ""}


class TrialForm(forms.Form):
    model = forms.ModelChoiceField(
        ModelRoute.objects.filter(
            enabled=True, capability__in=trials.CAPABILITIES
        ).order_by("position", "name"),
        label=_("Model"),
        to_field_name="name",
        empty_label=None,
    )
    key = forms.ModelChoiceField(
        ApiKey.objects.order_by("name"),
        label=_("As"),
        to_field_name="fingerprint",
        required=False,
        empty_label=_("the console, without limits"),
    )
    text = forms.CharField(
        label=_("Message"),
        max_length=MOST_CHARS,
        initial=_("Say hello in one sentence."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@dataclass(frozen=True, slots=True)
class Shown:
    trial: Trial
    first_ms: float | None

    @property
    def attempts(self) -> list[Attempt]:
        return self.trial.journal.attempts

    @property
    def record_address(self) -> str:
        query = urlencode({"q": self.trial.journal.request_id})
        return f"{reverse('admin:gateway_requestrecord_changelist')}?{query}"

    @property
    def pictures(self) -> list[str]:
        """Only those that this gateway keeps, which the page may show."""
        found = (media.url for media in self.trial.completion.media)
        roots = tuple(links.PATHS.values())
        paths = [url[url.find("/v1/files/") :] for url in found if "/v1/files/" in url]
        return [path for path in paths if path.startswith(roots)]


@permission_required(RUN, raise_exception=True)
def view(request: HttpRequest) -> HttpResponse:
    """A message costs quota, so that only a POST sends it."""
    posted = request.method == "POST"
    asked = {
        name: request.GET[name] for name in ("model", "key") if name in request.GET
    }
    form = TrialForm(request.POST if posted else None, initial=asked, label_suffix="")
    shown = sent(request, form) if posted and form.is_valid() else None
    context = {
        **admin.site.each_context(request),
        "title": _("Try it"),
        "form": form,
        "shown": shown,
    }
    return TemplateResponse(request, "console/trying.html", context)


def sent(request: HttpRequest, form: TrialForm) -> Shown:
    key, route = form.cleaned_data["key"], form.cleaned_data["model"]
    order = Order(
        model=route.name,
        text=form.cleaned_data["text"],
        card=card_of(key) if key else None,
        base=links.base(request.get_host(), request.scheme or "http"),
    )
    trial: Trial = async_to_sync(trials.send)(order)
    journal = trial.journal
    first = journal.first_byte
    return Shown(trial, None if first is None else (first - journal.began) * 1000)
