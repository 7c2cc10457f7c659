"""Which tier an account is of, by the totals of its quota windows; pure.

Totals that are known speak for a tier each; where they disagree the lower one holds.
A tier is raised at once and lowered only when two complete answers in a row agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ORDER = ("basic", "super", "heavy")
KNOWN_TOTALS: Mapping[str, Mapping[int, str]] = {
    "auto": {7: "basic", 20: "basic", 50: "super", 150: "heavy"},
    "fast": {30: "basic", 140: "super", 400: "heavy"},
}
DECISIVE = ("auto", "fast")
OPERATOR = "operator"
INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class Tier:
    """`doubt` is a lower tier that one complete answer has spoken for."""

    pool: str
    source: str  # imported | inferred | operator | auto
    doubt: str = ""


def spoken_for(totals: Mapping[str, int]) -> str:
    """The tier these totals tell, empty if none of them is known."""
    found = [
        known[totals[mode]]
        for mode, known in KNOWN_TOTALS.items()
        if totals.get(mode) in known
    ]
    if totals.get("heavy", 0) > 0:
        found.append("heavy")
    return min(found, key=ORDER.index, default="")


def decided(now: Tier, totals: Mapping[str, int], *, refused: bool = False) -> Tier:
    """The tier after an answer with these totals by mode.

    `refused`: upstream has said of `auto` that the account lacks it, which is how a
    basic account answers; a mode that merely did not answer says nothing.
    """
    found = spoken_for(totals)
    if now.source == OPERATOR or not found:
        return now
    if found == now.pool:
        source = INFERRED if now.source == "auto" else now.source
        return Tier(now.pool, source)
    if ORDER.index(found) > ORDER.index(now.pool):
        return Tier(found, INFERRED)
    complete = refused or all(mode in totals for mode in DECISIVE)
    if not complete:
        return now
    if now.doubt == found:
        return Tier(found, INFERRED)
    return Tier(now.pool, now.source, found)
