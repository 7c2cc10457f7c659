"""What the files of a kind take beside their limit, for the console and its API."""

from dataclasses import dataclass

from django.db.models import Count, F, Max

from media.incoming import cap_bytes
from media.models import Asset, Kind, Usage


@dataclass(frozen=True, slots=True)
class Totals:
    """Without removed files, which lie on the disk a while longer: `removed_bytes`."""

    kind: Kind
    files: int
    size_bytes: int
    limit_bytes: int
    removed_bytes: int

    @property
    def share(self) -> float | None:
        """Of the limit; None where there is none."""
        return self.size_bytes / self.limit_bytes if self.limit_bytes else None


def of_all() -> list[Totals]:
    """Images, then videos."""
    usages = Usage.objects.in_bulk()
    gone = sizes_to_go()
    return [
        of_kind(kind, usages.get(kind, Usage(kind=kind)), gone[kind]) for kind in Kind
    ]


def of_kind(kind: Kind, usage: Usage, gone: list[int]) -> Totals:
    files, size = usage.files - len(gone), usage.size - sum(gone)
    return Totals(kind, max(0, files), max(0, size), cap_bytes(kind), sum(gone))


def sizes_to_go() -> dict[str, list[int]]:
    """Bytes of each file that no row needs but removed ones, by kind.

    Names begin with the folder of their kind, so that none is of both.
    """
    gone = Asset.objects.exclude(removed_at=None)
    rows = Asset.objects.filter(name__in=gone.values("name")).order_by()
    names = rows.values("kind", "name").annotate(
        bytes=Max("size"), users=Count("id"), removed=Count("removed_at")
    )
    sizes: dict[str, list[int]] = {kind: [] for kind in Kind}
    unused = names.filter(users=F("removed"))
    for kind, size in unused.values_list("kind", "bytes"):
        sizes[kind].append(size)
    return sizes
