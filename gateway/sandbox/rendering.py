"""From a reply's frames to the bytes on the wire, ready to be sent many times."""

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import orjson

from gateway.sandbox.calls import GARBAGE
from gateway.sandbox.directives import Directives
from gateway.sandbox.frames import Frame
from gateway.sandbox.script import Cue, cues

SEND_BYTES = 16 * 1024
GZIP_WINDOW = 31
SCRIPTS = 128
FRAMINGS = ("raw", "data", "crlf", "blank", "concat")
NON_OBJECTS = b'[1,2]\n"text"\n42\nnull\n'
NOISE = b'{"result": oops}\nevent: odd\n: comment\n'


DRIPS = 20
BREAKS = ("reset_after", "stall_after", "half_close", "garbage")

# `refuse`, `ignore`: reset or half closed before the headers
Fate = Literal["end", "reset", "stall", "half", "refuse", "ignore"]


@dataclass(frozen=True, slots=True)
class Script:
    """`steps` are due `delay_s` apart; each is a run of sends. Then comes `fate`."""

    headers: tuple[tuple[bytes, bytes], ...]
    steps: tuple[tuple[bytes, ...], ...]
    delay_s: float
    first_s: float
    split: bool
    fate: Fate

    def at_once(self) -> bool:
        """Whether all of it is due at once and fits into the client's buffers."""
        return (
            len(self.steps) == 1
            and len(self.steps[0]) <= 4
            and self.fate == "end"
            and not self.first_s
            and not self.split
        )


@lru_cache(maxsize=SCRIPTS)
def script(asked: Directives, mode: str, pace_ms: int) -> Script:
    return staged(asked, list(cues(asked, mode)), pace_ms)


def staged(asked: Directives, told: list[Cue], pace_ms: int) -> Script:
    delay_s = asked.number("delay_ms", pace_ms) / 1000
    headers = [(b"content-type", b"application/json")]
    runs: Iterable[bytes] = due(asked, told, paced=delay_s > 0)
    if "drip" in asked:
        delay_s = asked.number("drip") / 1000
        runs = drops(b"".join(runs))
    if "gzip" in asked:
        headers.append((b"content-encoding", b"gzip"))
        runs = zipped(runs)
    split = asked.number("split")
    return Script(
        headers=tuple(headers),
        steps=tuple(pieces(run, split or SEND_BYTES) for run in runs),
        delay_s=delay_s,
        first_s=asked.number("first_ms") / 1000,
        split=split > 0,
        fate=fate(asked),
    )


def fate(asked: Directives) -> Fate:
    if "reset_after" in asked:
        return "reset" if asked.number("reset_after") else "refuse"
    if "half_close" in asked:
        return "half" if asked.number("half_close") else "ignore"
    return "stall" if "stall_after" in asked else "end"


def due(asked: Directives, told: list[Cue], *, paced: bool) -> Iterator[bytes]:
    """What is sent at each tick; all at once without a pace."""
    batch = max(1, asked.number("batch", 1))
    ticks = 0
    waiting: list[bytes] = []
    for data, beat in broken_off(asked, told):
        if beat:
            if paced and ticks and ticks % batch == 0:
                yield b"".join(waiting)
                waiting.clear()
            ticks += 1
        waiting.append(data)
    yield b"".join(waiting)


def broken_off(asked: Directives, told: list[Cue]) -> Iterator[tuple[bytes, bool]]:
    """Each frame's bytes, up to the word before which the reply breaks."""
    limit = break_after(asked, sum(cue.word for cue in told))
    if "garbage" in asked and limit == 0:
        yield GARBAGE, False
        return
    spoken = 0
    for index, cue in enumerate(told):
        if cue.word:
            spoken += 1
        data = framed(cue.frame, asked.text("framing"), index)
        if limit is not None and spoken > limit:
            yield last_words(asked, data), cue.paced
            return
        yield data, cue.paced
        if cue.word:
            yield noise(asked), False
    if "done" in asked:
        yield b"data: [DONE]\n\n", False


def last_words(asked: Directives, data: bytes) -> bytes:
    """What comes in place of the frame before which the reply breaks."""
    if "close_mid" in asked:
        return data[: len(data) // 2]
    return GARBAGE if "garbage" in asked else b""


def break_after(asked: Directives, spoken: int) -> int | None:
    for name in BREAKS:
        if name in asked:
            return asked.number(name)
    if "close_mid" in asked:
        return asked.number("close_mid", bare=spoken // 2)
    return None


def noise(asked: Directives) -> bytes:
    odd = NON_OBJECTS if "nonobject" in asked else b""
    return odd + NOISE if "badjson" in asked else odd


def framed(frame: Frame, framing: str, index: int) -> bytes:
    data = encode(frame)
    match FRAMINGS[index % len(FRAMINGS)] if framing == "mixed" else framing:
        case "data":
            return b"data: " + data + b"\n\n"
        case "crlf":
            return data + b"\r\n"
        case "blank":
            return b"\n" + data + b"\n\n"
        case "concat":
            return data
        case _:
            return data + b"\n"


def encode(frame: Frame) -> bytes:
    """A lone surrogate goes out as its JSON escape, as upstream would send it."""
    try:
        return orjson.dumps(frame)
    except TypeError:
        return json.dumps(frame, separators=(",", ":")).encode()


def zipped(runs: Iterable[bytes]) -> Iterator[bytes]:
    """One gzip stream that can be read up to the end of each run."""
    zipper = zlib.compressobj(wbits=GZIP_WINDOW)
    waiting = b""
    for run in runs:
        if waiting:
            yield waiting
        waiting = zipper.compress(run) + zipper.flush(zlib.Z_SYNC_FLUSH)
    yield waiting + zipper.flush()


def drops(whole: bytes) -> tuple[bytes, ...]:
    """The reply in so many pieces, cut wherever it happens."""
    return pieces(whole, max(1, -(-len(whole) // DRIPS)))


def pieces(run: bytes, size: int) -> tuple[bytes, ...]:
    return tuple(run[start : start + size] for start in range(0, len(run), size))
