"""The settings of a grok2api 2.x installation: what of them is worth taking over.

It copied its whole defaults file at the first start, so most of what is stored there
was chosen by nobody. Only values that differ from a default are taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from grokgateway.config.changes import Rejected, apply, screen
from grokgateway.config.crosschecks import NEEDS
from grokgateway.config.layers import flatten
from grokgateway.config.registry import KEYS, Value

# Shipped by 2.x and no longer our default: nobody's choice either.
FORMER_DEFAULTS: Mapping[str, object] = {
    "features.enable_nsfw": True,
    "account.refresh.basic_interval_sec": 36_000,
}
BY = "import_grok2api"


@dataclass(slots=True)
class Plan:
    """`edits` are to be saved; the others are names with the reason they are not."""

    edits: dict[str, Value | None] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def plan(tree: Mapping[str, object]) -> Plan:
    """Sort nested or dotted settings; nothing is written."""
    flat = flatten(tree)
    found = Plan()
    for name, former in FORMER_DEFAULTS.items():
        if name in flat and flat[name] == former:
            del flat[name]
            found.unchanged.append(name)
    screened = screen(flat)
    found.unknown = sorted(screened.unknown)
    found.refused = {k: m for k, m in screened.errors if k not in screened.unknown}
    for name, value in screened.edits.items():
        if value is None or value == KEYS[name].default:
            found.unchanged.append(name)
        else:
            found.edits[name] = value
    return found


def carry_over(found: Plan) -> int:
    """Save the plan's edits; what needs a value that is missing is left out.

    Returns how many were saved.
    """
    edits = dict(found.edits)
    while edits:
        try:
            apply(edits, by=BY)
        except Rejected as refusal:
            told = dict(refusal.errors)
            needing = {
                n.chooser: f"{n.key} {told[n.key]}" for n in NEEDS if n.key in told
            }
            left = {k: v for k, v in edits.items() if k not in told | needing}
            if len(left) == len(edits):
                raise
            found.refused.update(
                {k: m for k, m in (told | needing).items() if k in edits}
            )
            edits = found.edits = left
        else:
            break
    return len(edits)
