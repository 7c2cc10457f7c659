"""Percentiles and medians."""

from collections.abc import Sequence
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank; 0.0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def middle(values: Sequence[float]) -> float:
    return median(values) if values else 0.0


def lateness_ms(arrivals_s: Sequence[float], pace_s: float) -> list[float]:
    """How late each token of one stream is against an even pace.

    The pace is laid through the earliest token, so a slow start does not count
    against every later one.
    """
    offsets = [at - index * pace_s for index, at in enumerate(arrivals_s)]
    if not offsets:
        return []
    start = min(offsets)
    return [(offset - start) * 1000 for offset in offsets]
