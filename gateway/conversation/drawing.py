"""What pictures a caller wants, neutrally; its words stand in the conversation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Drawing:
    """`size` as the caller named it, `ratio` as upstream does.

    `inline` asks for the bytes rather than an address, `linked` for an address;
    `previews` is how many unfinished pictures may be shown on the way.
    """

    n: int = 1
    size: str = "1024x1024"
    ratio: str = "1:1"
    inline: bool = False
    linked: bool = True
    previews: int = 0
