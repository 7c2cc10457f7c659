"""Bars as figures of an SVG, so that no page needs a style attribute or a script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

GAP = 0.25  # of a bar's place


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a bar; `kind` names its colour."""

    kind: str
    at: float
    length: float


@dataclass(frozen=True, slots=True)
class Bar:
    at: float
    thickness: float
    label: str
    parts: tuple[Part, ...]


def columns(
    steps: Sequence[tuple[str, Sequence[tuple[str, int]]]], width: float, height: float
) -> list[Bar]:
    """Upright bars side by side; the highest fills the height.

    Each step is its label and (kind, count) from the ground up.
    """
    highest = max((sum(n for _, n in counts) for _, counts in steps), default=0)
    place = width / max(len(steps), 1)
    scale = height / highest if highest else 0.0
    return [
        Bar(
            at=round(index * place + place * GAP / 2, 2),
            thickness=round(place * (1 - GAP), 2),
            label=label,
            parts=tuple(stacked(counts, scale, height)),
        )
        for index, (label, counts) in enumerate(steps)
    ]


def stacked(
    counts: Sequence[tuple[str, int]], scale: float, height: float
) -> Iterable[Part]:
    ground = height
    for kind, count in counts:
        if count:
            ground -= count * scale
            yield Part(kind, round(ground, 2), round(count * scale, 2))


def stripe(counts: Sequence[tuple[str, int]], width: float) -> list[Part]:
    """One lying bar of shares that fills the width; empty without any."""
    total = sum(count for _, count in counts)
    parts, at = [], 0.0
    for kind, count in counts:
        if count:
            length = width * count / total
            parts.append(Part(kind, round(at, 2), round(length, 2)))
            at += length
    return parts
