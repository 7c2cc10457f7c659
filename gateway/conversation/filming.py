"""What film a caller wants, in neutral form."""

from dataclasses import dataclass

from gateway.conversation.requests import Attachment

SEGMENTS = {6: (6,), 10: (10,), 12: (6, 6), 16: (10, 6), 20: (10, 10)}


@dataclass(frozen=True, slots=True)
class Filming:
    """`size` as the caller named it, `ratio` as upstream does."""

    seconds: int = 6
    size: str = "720x1280"
    ratio: str = "9:16"
    resolution: str = "720p"
    preset: str = "custom"
    references: tuple[Attachment, ...] = ()

    @property
    def segments(self) -> tuple[int, ...]:
        """Seconds of each part; every later one extends the film so far."""
        return SEGMENTS[self.seconds]
