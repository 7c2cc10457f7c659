"""Page: who would serve a request for a model now, who would not, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from gateway import explaining
from gateway.errors import GatewayError
from gateway.models import ApiKey, ModelRoute
from grokgateway.marks import BAD, GOOD, IDLE, WAIT

# Any: the explanation's own JSON
Told = dict[str, Any]
STATES: dict[str, tuple[str, str | Promise]] = {
    "ready": (GOOD, _("ready")),
    "cooling": (WAIT, _("cooling")),
    "mode_cooling": (WAIT, _("this mode is cooling")),
    "quota_exhausted": (WAIT, _("quota used up")),
    "media_spent": (WAIT, _("no such pictures or films left")),
    "mode_missing": (IDLE, _("does not have this mode")),
    "disabled": (IDLE, _("disabled")),
    "expired": (BAD, _("expired")),
}
ANSWERS = {
    "served": (GOOD, _("It would be served now.")),
    "busy_or_spent": (WAIT, _("It would be refused with 429: none is ready.")),
    "none_usable": (BAD, _("It would be refused with 503: none can ever serve it.")),
    "no_accounts": (
        BAD,
        _("It would be refused with 503: it has no account."),
    ),
}
REFUSALS = {
    "key_disabled": _("It would be refused with 401: the key is switched off."),
    "key_expired": _("It would be refused with 401: the key has expired."),
    "model_not_allowed": _("It would be refused with 403: the key may not use it."),
    "requests_per_day": _("It would be refused with 429: the key has used up its day."),
    "tokens_per_day": _("It would be refused with 429: the key has used up its day."),
}


@dataclass(frozen=True, slots=True)
class State:
    kind: str
    word: str | Promise
    count: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """One step of the search: a mode in a pool."""

    mode: str
    pool: str
    states: list[State]
    units_left: int
    next_recovery: datetime | None
    best: list[Told]
    chosen: bool


@permission_required("accounts.view_account", raise_exception=True)
def view(request: HttpRequest) -> HttpResponse:
    model, key = request.GET.get("model", ""), request.GET.get("key", "")
    routes = ModelRoute.objects.filter(enabled=True)
    context = {
        **admin.site.each_context(request),
        "title": _("Explain"),
        "models": list(routes.values_list("name", flat=True)),
        "keys": list(ApiKey.objects.values_list("name", flat=True)),
        "model": model,
        "key": key,
    }
    if model:
        context |= found(model, key)
    return TemplateResponse(request, "console/explain.html", context)


def found(model: str, key: str) -> Told:
    try:
        told: Told = explaining.explain(model, key)
    except explaining.UnknownKey:
        return {"refusal": _("There is no such key.")}
    except GatewayError as refusal:
        return {"refusal": refusal.message}
    if told["answer"]["status"] == "refused":
        return {"refusal": REFUSALS.get(told["answer"]["reason"], "")}
    kind, words = ANSWERS[told["answer"]["status"]]
    recovers_at = told["answer"].get("recovers_at")
    return {
        "kind": kind,
        "words": words,
        "recovers_at": moment(recovers_at),
        "shelves": [shelf_of(one, told["answer"]) for one in told["shelves"]],
        "strategy": told["strategy"],
        "units_left": told["units_left"],
        "requests_last_hour": told["requests_last_hour"],
        "dry_at_h": hours(told["runs_dry_in_s"]),
    }


def shelf_of(told: Told, answer: Told) -> Shelf:
    states = [
        State(*named(state), count)
        for state, count in sorted(told["accounts"].items(), key=lambda one: -one[1])
    ]
    where = reverse("admin:accounts_account_changelist")
    best = [
        {**one, "link": f"{where}?{urlencode({'q': one['public_id']})}"}
        for one in told["best"]
    ]
    chosen = answer.get("mode") == told["mode"] and answer.get("pool") == told["pool"]
    return Shelf(
        told["mode"],
        told["pool"],
        states,
        told["units_left"],
        moment(told["next_recovery"]),
        best,
        chosen,
    )


def named(state: str) -> tuple[str, str | Promise]:
    return STATES.get(state, (IDLE, state))


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def hours(seconds: int | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 1)
