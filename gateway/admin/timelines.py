"""What happened to one request, in words: when which account was asked, and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from gateway.models import RequestRecord
from grokgateway.marks import BAD, GOOD, IDLE, WAIT

Text = str | Promise

REASONS: Mapping[str, tuple[str, Text, Text]] = {
    "ok": (GOOD, _("answered"), ""),
    "cut": (
        IDLE,
        _("broken off"),
        _("The client left, or the gateway stopped, before the answer ended."),
    ),
    "credential": (
        BAD,
        _("credential is dead"),
        _("Upstream no longer knows this login. Sign in anew and import the account."),
    ),
    "unauthorized": (
        WAIT,
        _("401"),
        _("Refused without saying why; a second request must agree before it counts."),
    ),
    "forbidden": (
        WAIT,
        _("403"),
        _("Refused. If many accounts are, look at the way out and its clearance."),
    ),
    "challenge": (
        WAIT,
        _("challenge page"),
        _("The anti-bot check stopped the call. The way out is at fault, no account."),
    ),
    "rate_limited": (
        WAIT,
        _("429"),
        _("Upstream says that the quota is used up or calls come too fast."),
    ),
    "rejected": (BAD, _("rejected"), _("Upstream would not take this request.")),
    "policy": (BAD, _("content policy"), _("Upstream will not answer this.")),
    "server": (WAIT, _("upstream error"), _("A 5xx, or an answer that made no sense.")),
    "empty": (WAIT, _("empty answer"), _("The reply ended without a word.")),
    "transport": (WAIT, _("no connection"), _("Could not connect, or was cut off.")),
    "timeout": (WAIT, _("timeout"), _("Upstream was silent for too long.")),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One account that was asked; times in ms, `pk` is None if it is not here."""

    account: str
    mode: str
    pool: str
    at_ms: int | None
    took_ms: int | None
    kind: str
    word: Text
    remedy: Text
    why: str
    link: str


def steps_of(record: RequestRecord) -> list[Step]:
    return [step_of(one) for one in record.attempts]


def step_of(attempt: Mapping[str, object]) -> Step:
    reason = str(attempt.get("reason", ""))
    kind, word, remedy = REASONS.get(reason, (IDLE, reason.replace("_", " "), ""))
    account = str(attempt.get("account", ""))
    return Step(
        account=account,
        mode=str(attempt.get("mode", "")),
        pool=str(attempt.get("pool", "")),
        at_ms=number(attempt, "at_ms"),
        took_ms=number(attempt, "took_ms"),
        kind=kind,
        word=word,
        remedy=remedy,
        why=why(attempt),
        link=f"{reverse('admin:accounts_account_changelist')}?q={account}",
    )


def number(attempt: Mapping[str, object], name: str) -> int | None:
    value = attempt.get(name)
    return value if isinstance(value, int) else None


def why(attempt: Mapping[str, object]) -> str:
    """One sentence on why it was this account; empty for records that do not say."""
    chosen = attempt.get("chosen")
    if chosen == "session":
        text = gettext("It served this conversation before and was ready.")
    elif chosen == "random":
        text = gettext("Drawn at random from those that were ready.")
    elif chosen == "quota":
        text = gettext("The least used and least busy of those that were drawn.")
    else:
        return ""
    return " ".join((text, *standing(attempt)))


def standing(attempt: Mapping[str, object]) -> list[str]:
    told = []
    left = number(attempt, "left")
    if left is not None:
        told.append(
            ngettext(
                "%d unit of the mode was left after it.",
                "%d units of the mode were left after it.",
                left,
            )
            % left
        )
    inflight = number(attempt, "inflight")
    if inflight is not None and inflight > 1:
        told.append(gettext("%d calls were in flight on it.") % inflight)
    return told
