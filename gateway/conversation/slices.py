"""Large bodies put together in small steps.

One step over megabytes holds up every thread of the process, the event loop's too; many
small ones let it run between them.
"""

from collections.abc import Iterable, Iterator
from io import BytesIO

SLICE = 192 * 1024  # whole groups of three and of four


def slices(start: int, end: int) -> Iterator[slice]:
    for at in range(start, end, SLICE):
        yield slice(at, min(at + SLICE, end))


def joined(pieces: Iterable[bytes]) -> bytes:
    """Like `b"".join`, though without copying all of it at once."""
    body = BytesIO()
    for piece in pieces:
        body.write(piece)
    return body.getvalue()
