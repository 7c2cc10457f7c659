"""Which tile of a round shows which of upstream's pictures; pure.

Upstream draws more than was asked for and counts through all its rounds, so that a tile
may be given to another picture: to the next one where its own was withheld, to a
finished one where its own is slower.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Tile:
    slot: str = ""
    percent: int = 0
    ready: bool = False
    withheld: bool = False


class Tiles:
    def __init__(self, count: int) -> None:
        self._tiles = [Tile() for _ in range(count)]

    @property
    def ready(self) -> int:
        return sum(tile.ready for tile in self._tiles)

    @property
    def withheld(self) -> int:
        return sum(tile.withheld for tile in self._tiles)

    @property
    def state(self) -> str:
        """How a round that has ended came out."""
        if self.ready == len(self._tiles):
            return "success"
        return "partial" if self.ready else "failed"

    def advance(self, slot: str, percent: int) -> int | None:
        """The tile to tell of; None for a picture without one, or no news."""
        order = self._of(slot)
        if order is None:
            order = self._free()
        if order is None or self._tiles[order].ready:
            return None
        tile = self._tiles[order]
        if tile.slot != slot:
            self._tiles[order] = tile = Tile(slot)
        if percent <= tile.percent:
            return None
        tile.percent = percent
        return order

    def withhold(self, slot: str) -> int | None:
        order = self._of(slot)
        if order is None:
            order = self._free()
        if order is None or self._tiles[order].ready:
            return None
        self._tiles[order] = Tile(slot, withheld=True)
        return order

    def finish(self, slot: str) -> int | None:
        """None only if there are as many pictures as tiles."""
        order = self._of(slot)
        if order is None or self._tiles[order].ready:
            order = self._free()
        if order is None:
            order = self._slowest()
        if order is not None:
            self._tiles[order] = Tile(slot, 100, ready=True)
        return order

    def _of(self, slot: str) -> int | None:
        found = (n for n, tile in enumerate(self._tiles) if tile.slot == slot)
        return next(found, None)

    def _free(self) -> int | None:
        """One that shows nothing yet, else one whose picture was withheld."""
        numbered = list(enumerate(self._tiles))
        unused = [n for n, tile in numbered if not tile.slot]
        refused = [n for n, tile in numbered if tile.withheld]
        return next(iter(unused + refused), None)

    def _slowest(self) -> int | None:
        open_ones = [n for n, tile in enumerate(self._tiles) if not tile.ready]
        return min(open_ones, key=lambda n: self._tiles[n].percent, default=None)
