"""Upstream's bytes covered in place: as many bytes, cut where they were cut.

The form of frames stays, down to spaces and escapes; texts in them are covered. Texts
that come in pieces are covered as one, so that what is cut in two is seen whole.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from gateway.captures.covering import SEGMENT, Cover, covered
from gateway.captures.words import KINDS

PAYLOAD = re.compile(rb"\s*(?:data:\s*)?\{")
STRING = re.compile(rb'"((?:[^"\\]|\\.)*)("|\\?$)(\s*:)?', re.DOTALL)
BARE = re.compile(rb"[A-Za-z]{2,}|[0-9]{5,}")
BARE_WORDS = frozenset((b"true", b"false", b"null", b"data", b"DONE"))
UNIT = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{4}|\\.|.",
    re.DOTALL,
)
KEY = re.compile(r"[A-Za-z_][\w.:-]{0,47}\Z")
THINKING = re.compile(rb'"isThinking"\s*:\s*true')
CHANNEL = re.compile(rb'"(?:channel|messageTag)"\s*:\s*"(\w*)"')
AGENT = re.compile(r"Grok|Agent \d{1,3}")
PIECES = frozenset({"token", "text", "delta"})
KIND_KEYS = frozenset(
    {
        *("type", "messageTag", "kind", "channel", "status", "cardType", "card_type"),
        *("toolName", "tool_name"),
    }
)
NAMING = re.compile(
    r"(?:id|ids|uuid|url|urls|link|thumbnail|original|username)\Z", re.I
)
AGENT_KEYS = frozenset({"rolloutId", "rollout_id"})
SIMPLE = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\b": "\b", "\\f": "\f"}

Flow = tuple[str, bool, bytes]


@dataclass(slots=True)
class Slot:
    """A text within the bytes; `units` are its characters as they are written."""

    start: int
    end: int
    units: list[str]
    text: str


@dataclass(slots=True)
class Sheet:
    """The bytes of one call, written over in place."""

    cover: Cover
    data: bytearray
    flows: dict[Flow, list[Slot]] = field(default_factory=lambda: defaultdict(list))

    def line(self, start: int, end: int) -> None:
        line = bytes(self.data[start:end])
        if PAYLOAD.match(line) is None:
            self._plain(start, end, line)
            return
        channel = CHANNEL.search(line)
        said = THINKING.search(line) is not None, channel[1] if channel else b""
        key, position = "", 0
        for found in STRING.finditer(line):
            self._between(start + position, line[position : found.start()])
            position = found.end()
            slot = self._slot(start + found.start(1), found[1])
            if found[3] is None:
                self._value(key, slot, said)
            else:
                key = slot.text
                self._key(slot)
        self._between(start + position, line[position:])

    def finish(self) -> None:
        """Cover the texts that came in pieces."""
        for slots in self.flows.values():
            whole = self.cover.text("".join(slot.text for slot in slots))
            at = 0
            for slot in slots:
                self._write(slot, whole[at : at + len(slot.text)])
                at += len(slot.text)

    def _plain(self, start: int, end: int, line: bytes) -> None:
        text = line.decode("utf-8", "surrogateescape")
        told = self.cover.text(text).encode("utf-8", "surrogateescape")
        self.data[start:end] = told

    def _between(self, start: int, piece: bytes) -> None:
        """Of what stands between strings only JSON's own words are kept."""
        if not self.cover.words:
            return
        for found in BARE.finditer(piece):
            if found[0] not in BARE_WORDS:
                over = "".join(map(covered, found[0].decode()))
                at = start + found.start()
                self.data[at : at + len(over)] = over.encode()

    def _key(self, slot: Slot) -> None:
        """A field's name is upstream's own, unless it looks like none."""
        if KEY.match(slot.text):
            bare = self.cover.secret(slot.text)
            if bare != slot.text:
                self._write(slot, bare)
        else:
            self._write(slot, self.cover.text(slot.text))

    def _value(self, key: str, slot: Slot, said: tuple[bool, bytes]) -> None:
        cover, text = self.cover, slot.text
        if key in PIECES:
            self.flows[(key, *said)].append(slot)
        elif (nested := covered_json(cover, text)) is not None:
            self._write(slot, nested)
        elif not cover.words or (key in KIND_KEYS and is_kind(text)):
            self._write(slot, cover.secret(text))
        elif key in AGENT_KEYS and AGENT.fullmatch(text):
            pass
        elif NAMING.search(key):
            self._write(slot, cover.address(text))
        else:
            self._write(slot, cover.text(text))

    def _slot(self, start: int, raw: bytes) -> Slot:
        text = raw.decode("utf-8", "surrogateescape")
        if "\\" not in text:
            return Slot(start, start + len(raw), [], text)
        units = UNIT.findall(text)
        return Slot(start, start + len(raw), units, "".join(map(character, units)))

    def _write(self, slot: Slot, told: str) -> None:
        if told == slot.text:
            return
        if slot.units:
            pairs = zip(slot.units, slot.text, told, strict=True)
            told = "".join(rewritten(*three) for three in pairs)
        raw = told.encode("utf-8", "surrogateescape")
        assert len(raw) == slot.end - slot.start  # noqa: S101 - borders would move
        self.data[slot.start : slot.end] = raw


def character(unit: str) -> str:
    """What is meant by a character as it is written in a string."""
    if unit[0] != "\\":
        return unit
    if unit[:2] != "\\u":
        return SIMPLE.get(unit, unit[1])
    if len(unit) == 12:
        high, low = int(unit[2:6], 16), int(unit[8:], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    return chr(int(unit[2:], 16))


def rewritten(unit: str, before: str, after: str) -> str:
    """Another character in the same way of writing."""
    if before == after:
        return unit
    if unit[:2] != "\\u":
        return after
    code = ord(after)
    if len(unit) == 6:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def is_kind(text: str) -> bool:
    """Nothing but words of the wire."""
    return all(part.lower() in KINDS for part in SEGMENT.findall(text))


def covered_json(cover: Cover, text: str) -> str | None:
    """The text of a whole JSON object within a string; None for other texts."""
    if text[:1] != "{" or text[-1:] != "}":
        return None
    try:
        raw = text.encode()
        orjson.loads(raw)
    except (UnicodeEncodeError, orjson.JSONDecodeError):
        return None
    return b"".join(rewrite(cover, [raw], lines=False)).decode()


def rewrite(cover: Cover, pieces: Sequence[bytes], *, lines: bool) -> list[bytes]:
    """The pieces of one call; a piece that is no `lines` is a message of its own."""
    sheet = Sheet(cover, bytearray(b"".join(pieces)))
    for start, end in places(pieces, lines=lines):
        sheet.line(start, end)
    sheet.finish()
    told, at = [], 0
    for piece in pieces:
        told.append(bytes(sheet.data[at : at + len(piece)]))
        at += len(piece)
    return told


def places(pieces: Iterable[bytes], *, lines: bool) -> Iterator[tuple[int, int]]:
    parts = b"".join(pieces).split(b"\n") if lines else pieces
    at = 0
    for part in parts:
        yield at, at + len(part)
        at += len(part) + (1 if lines else 0)
