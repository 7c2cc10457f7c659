"""Which fault of upstream is answered how: the one table, and the page that shows it.

Derived from the specification: what fails before output has its real status, what fails
after it is told in the stream in the form of the protocol; what was cut or is no answer
is `upstream_error`, silence before the head `upstream_timeout`, silence after it
`stream_idle_timeout`; whatever was made stands. `python -m tests.faults` writes the
page, `tests/e2e/test_fault_matrix.py` holds the product to the table.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PAGE = Path(__file__).resolve().parents[1] / "docs" / "faults.md"
FAULTS = {
    "reset": "The connection is reset",
    "half_close": "Upstream closes its side without ending the answer",
    "stall": "Silence, the connection stays open",
    "garbage": "Bytes that mean nothing, such as an error page, then the end",
    "drip": "All of it, but in twenty pieces, none later than the limit",
}
PHASES = {
    "head": "before the head",
    "before": "before any output",
    "middle": "in the middle",
    "shown": "after a preview",
    "whole": "all the time",
}
PLACES = {
    "reply": "the chat call",
    "socket": "the Imagine socket",
    "upload": "the upload of a file",
    "post": "the media post",
    "download": "the download of what was made",
}
STATUS = {"upstream_error": 502, "upstream_timeout": 504, "stream_idle_timeout": 504}
CUT, LATE, SILENT, WHOLE = (
    "upstream_error",
    "upstream_timeout",
    "stream_idle_timeout",
    "",
)
SPOILT = {
    "reset": CUT,
    "half_close": CUT,
    "stall": SILENT,
    "garbage": CUT,
    "drip": WHOLE,
}
Form = Literal["status", "chat", "responses", "messages", "images", "job"]


@dataclass(frozen=True)
class Surface:
    """One public call; `form`: how it tells of an error once it has begun to answer.

    `places`: the calls of upstream that it leads to.
    """

    name: str
    form: Form
    places: tuple[str, ...]


SURFACES = (
    Surface("chat/completions", "status", ("reply", "upload")),
    Surface("chat/completions, streamed", "chat", ("reply", "upload")),
    Surface("responses", "status", ("reply",)),
    Surface("responses, streamed", "responses", ("reply", "upload")),
    Surface("messages", "status", ("reply",)),
    Surface("messages, streamed", "messages", ("reply", "upload")),
    Surface("chat/completions, light image", "status", ("reply",)),
    Surface("chat/completions, light image, streamed", "chat", ("reply",)),
    Surface("chat/completions, image", "status", ("socket",)),
    Surface("chat/completions, image, streamed", "chat", ("socket",)),
    Surface("chat/completions, edit", "status", ("upload", "post", "reply")),
    Surface("chat/completions, edit, streamed", "chat", ("reply",)),
    Surface("chat/completions, video", "status", ("post", "reply")),
    Surface("chat/completions, video, streamed", "chat", ("reply",)),
    Surface("images/generations, light", "status", ("reply", "download")),
    Surface("images/generations, light, streamed", "images", ("reply", "download")),
    Surface("images/generations", "status", ("socket",)),
    Surface("images/generations, streamed", "images", ("socket",)),
    Surface("images/edits", "status", ("upload", "post", "reply", "download")),
    Surface("images/edits, streamed", "images", ("reply", "download")),
    Surface("videos", "job", ("post", "reply", "download")),
)


@dataclass(frozen=True)
class Cell:
    surface: Surface
    place: str
    fault: str
    phase: str

    def __str__(self) -> str:
        return f"{self.surface.name}: {self.place}, {self.fault}, {self.phase}"


@dataclass(frozen=True)
class Outcome:
    """`code` is empty for a whole answer; `in_band`: told after a 200."""

    code: str
    in_band: bool = False


def cells() -> Iterator[Cell]:
    for surface in SURFACES:
        for place in surface.places:
            for fault in FAULTS:
                for phase in phases(place, fault):
                    yield Cell(surface, place, fault, phase)


def phases(place: str, fault: str) -> tuple[str, ...]:
    if fault == "drip":
        return ("whole",)
    if place == "socket":
        return ("before", "middle", "shown")
    if place == "reply" and fault == "stall":
        return ("head", "before", "middle")
    return ("before", "middle")


def outcome(cell: Cell) -> Outcome:
    surface, place = cell.surface, cell.place
    code = SPOILT[cell.fault]
    if place == "download":
        return delivered(cell)
    if cell.phase == "shown":  # what was shown last is the picture
        return Outcome(WHOLE)
    if cell.fault == "stall" and (place in {"upload", "post"} or cell.phase == "head"):
        code = LATE
    if surface.form == "job" and code:
        return Outcome("upstream_timeout" if code != CUT else "video_generation_failed")
    # a stream of pictures has no output before the first picture
    told = surface.form in {"chat", "responses", "messages"} and cell.phase == "middle"
    return Outcome(code, told and place in {"reply", "socket"} and bool(code))


def delivered(cell: Cell) -> Outcome:
    """A picture that cannot be fetched is told by its address at upstream."""
    form, fault = cell.surface.form, cell.fault
    if fault == "drip" or (form == "status" and fault != "garbage"):
        return Outcome(WHOLE)
    if form == "job":
        codes = {"stall": "upstream_timeout", "garbage": "invalid_media"}
        return Outcome(codes.get(fault, "video_generation_failed"))
    if fault == "stall":
        return Outcome(LATE if cell.phase == "before" else SILENT)
    return Outcome(CUT)


def page() -> str:
    groups: dict[tuple[str, ...], list[str]] = {}
    for fault in FAULTS:
        groups.setdefault(tuple(rows(fault)), []).append(fault)
    parts = [HEAD]
    for lines, alike in groups.items():
        parts += [f"## {'; '.join(FAULTS[fault] for fault in alike)}\n", *lines, ""]
    return "\n".join(parts).rstrip() + "\n"


HEAD = """\
# Faults of upstream

What a caller is told when upstream misbehaves, by call and by the moment it happens.
`tests/faults.py` is the table, from which this page is made (`make snapshot`);
`tests/e2e/test_fault_matrix.py` tries its cells over real sockets and sees that no
account stays in use, that nothing goes on running, and that no call is held against
more than one account.

- A status with a code: nothing had been sent, so the answer is an HTTP error.
  `/v1/messages` has the same status with `api_error` for 502 and `timeout_error` for
  504.
- *In the stream*: the answer had begun with 200. Chat completions end with a frame
  `error` and `[DONE]`, responses with `response.failed` and the code `server_error`,
  messages with an event `error` (`api_error` or `timeout_error`). Streams of pictures
  have no output before the first picture, so they have statuses.
- *Complete*: a good answer. A picture that cannot be fetched is told by its address at
  upstream, and where the socket broke the last preview is the picture.
- *Job fails*: `/v1/videos` answers 200 when the job is made; `error.code` of the job
  says this.

The limits of silence are `chat.timeout`, `image.stream_timeout`, `video.timeout`,
`asset.upload_timeout` and `asset.download_timeout`. `/v1/files` and
`/v1/videos/{id}/content` serve what is kept here and do not depend on upstream.
"""


def rows(fault: str) -> Iterator[str]:
    columns = [
        phase
        for phase in PHASES
        if any(c.phase == phase for c in cells() if c.fault == fault)
    ]
    yield "| Call | Where | " + " | ".join(PHASES[phase] for phase in columns) + " |"
    yield "|---" * (2 + len(columns)) + "|"
    for surface in SURFACES:
        for place in surface.places:
            told = [
                said(Cell(surface, place, fault, phase))
                if phase in phases(place, fault)
                else "-"
                for phase in columns
            ]
            yield f"| `{surface.name}` | {PLACES[place]} | {' | '.join(told)} |"


def said(cell: Cell) -> str:
    found = outcome(cell)
    if not found.code:
        return "complete"
    if cell.surface.form == "job":
        return f"job fails: `{found.code}`"
    if found.in_band:
        return f"in the stream: `{found.code}`"
    return f"{STATUS[found.code]} `{found.code}`"


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE}\n")
