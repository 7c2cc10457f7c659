"""Findings in words: what was seen, and what to do about it."""

from collections.abc import Mapping
from typing import TypeGuard

from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from gateway.doctor.failures_said import CAUSES
from gateway.doctor.rungs_said import RUNGS
from gateway.egress.causes import TABLE

Text = str | Promise
Json = Mapping[str, object]

ENGLISH = "en"
CHECKS: Mapping[str, Text] = {
    "node": _("Way out"),
    "name": _("Name resolution"),
    "connect": _("Connection"),
    "exit": _("Exit address"),
    "profile": _("Browser profile"),
    "agent": _("User agent and clearance"),
    "clearance": _("Clearance"),
    "challenge": _("Challenge page"),
    "statsig": _("Statsig"),
    "credential": _("Login of the account"),
    "blocked": _("Block by upstream"),
    "tier": _("Tier"),
    "quota": _("Quota"),
    "model": _("Mode of the model"),
    "answer": _("An answer"),
    "upstream": _("Upstream"),
}
LAYERS: Mapping[str, Text] = {
    "gateway": _("this gateway"),
    "network": _("this host's network"),
    "proxy": _("the proxy"),
    "protection": _("the bot protection"),
    "account": _("the account"),
    "upstream": _("upstream"),
    "request": _("the request"),
}
ALIKE = _(
    "All ways fail alike: look at upstream or this host's network before the proxies."
)
STATES: Mapping[str, Text] = {
    "ok": _("sound"),
    "note": _("note"),
    "skipped": _("not checked"),
    "failed": _("at fault"),
}


def check(finding: Json) -> str:
    return str(CHECKS.get(text(finding, "check"), text(finding, "check")))


def layer(finding: Json) -> str:
    return str(LAYERS.get(text(finding, "layer"), text(finding, "layer")))


def state(finding: Json) -> str:
    return str(STATES.get(text(finding, "state"), text(finding, "state")))


def seen(finding: Json) -> str:
    """One sentence in the language that is active."""
    code = text(finding, "code")
    words = CAUSES.get(code.removeprefix("cause_")) if is_cause(code) else None
    sentence = words or (RUNGS[code][0] if code in RUNGS else code)
    return filled(str(sentence), finding)


def remedy(finding: Json) -> str:
    """Empty where there is nothing to do."""
    code, cause = text(finding, "code"), text(finding, "cause")
    if code in RUNGS:
        return filled(str(RUNGS[code][1]), finding)
    return str(TABLE[cause].remedy) if cause in TABLE else ""


def is_cause(code: str) -> bool:
    return code.startswith("cause_")


def text(finding: Json, name: str) -> str:
    return str(finding.get(name, ""))


def filled(sentence: str, finding: Json) -> str:
    about = finding.get("about")
    try:
        return sentence % (about if isinstance(about, Mapping) else {})
    except (KeyError, TypeError, ValueError):  # a row of another version
        return sentence


def verdict(document: Json) -> str:
    """The whole examination in one sentence."""
    if document.get("sound"):
        return gettext("Everything that was looked at is sound.")
    cases = cases_of(document)
    guilty = next((one for case in cases if (one := guilty_of(case))), None)
    if guilty is None:
        return gettext("It was not finished.")
    told = {"check": check(guilty), "layer": layer(guilty), "seen": seen(guilty)}
    return gettext("At fault is %(layer)s (%(check)s): %(seen)s") % told


def cases_of(document: Json) -> list[Json]:
    return listed(document.get("cases"))


def findings_of(case: Json) -> list[Json]:
    return listed(case.get("findings"))


def listed(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if is_list(value) else []


def is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def guilty_of(case: Json) -> Json | None:
    found = case.get("guilty")
    return found if isinstance(found, dict) else None


def told(document: Json) -> dict[str, object]:
    """The document with its words in English, as programs and bug reports have it."""
    with override(ENGLISH):
        cases = [
            {
                **case,
                "guilty": said(guilty) if (guilty := guilty_of(case)) else None,
                "findings": [said(one) for one in findings_of(case)],
            }
            for case in cases_of(document)
        ]
        return {**document, "verdict": verdict(document), "cases": cases}


def said(finding: Json) -> dict[str, object]:
    return {**finding, "seen": seen(finding), "remedy": remedy(finding)}
