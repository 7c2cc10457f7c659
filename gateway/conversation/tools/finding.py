"""Divides a model's text into plain text and blocks of calls (public-api 7.4).

What comes of a block is for the `Ledger` to say; every character is given to it once,
as text or in a block, up to the end of the first block that holds a good call.
"""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.conversation.brackets import Brackets
from gateway.conversation.tools.judging import Judge, Verdict
from gateway.conversation.tools.openings import MARKER, held_from, json_from, lead_from
from gateway.conversation.tools.reading import Written, calls_in, entries_in
from gateway.conversation.tools.scanning import Scanner

SLICE_CHARS = 4096  # no more than this is ever copied for one step
CAPTURE_LIMIT_CHARS = 1024 * 1024
MARKS = ("<", "`")
# What may follow a list of calls that is the whole text.
REMAINDER = re.compile(r"\s{0,128}`{0,3}\s{0,128}")


class Ledger(Protocol):
    """Where text and blocks go, in order."""

    @property
    def patient(self) -> bool:
        """A block that is no good is of use: the model can be told of it."""
        ...

    def text(self, text: str) -> None: ...

    def block(self, raw: str, verdict: Verdict) -> bool:
        """Whether the block ends the answer; its raw text if it does not."""
        ...


class Capture:
    """A block as far as it has come: what stands before it, and its pieces."""

    def __init__(self, lead: str) -> None:
        self._lead = lead
        self._pieces: list[str] = []
        self.size = 0

    @property
    def full(self) -> bool:
        return self.size >= CAPTURE_LIMIT_CHARS

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    @property
    def raw(self) -> str:
        return self._lead + self.text

    def take(self, text: str) -> tuple[str, str]:
        """What there is room for, and the rest."""
        room = CAPTURE_LIMIT_CHARS - self.size
        piece, rest = text[:room], text[room:]
        self._pieces.append(piece)
        self.size += len(piece)
        return piece, rest

    def cut(self, end: int) -> str:
        """Ends the block; what was taken beyond its end."""
        text = self.text
        self._pieces = [text[:end]]
        return text[end:]


class Finder:
    """`feed` and then `close`; after the end of the answer, text is dropped."""

    def __init__(self, judge: Judge, ledger: Ledger) -> None:
        self._judge = judge
        self._ledger = ledger
        self._step: Callable[[], bool] = self._first
        self._text = ""  # not yet decided on
        self._capture = Capture("")
        self._scanner = Scanner()
        self._value = Brackets()
        self._blind = False

    def feed(self, text: str) -> None:
        if not self._text and self._is_plain(text):
            self._ledger.text(text)
            return
        for at in range(0, len(text), SLICE_CHARS):
            self._text += text[at : at + SLICE_CHARS]
            while self._text and self._step():
                pass

    def close(self) -> None:
        """The text ends: a block that is open ends with it."""
        if self._step == self._block:
            self._cut_block()
        elif self._step == self._json or self._step == self._remainder:
            self._cut_json()
        self._ledger.text(self._text)
        self._text = ""

    def _is_plain(self, text: str) -> bool:
        """Nothing in it can be a block, nor its end the beginning of one."""
        if self._step != self._running or text[-1:].isspace():
            return False
        return not any(mark in text for mark in MARKS)

    def _first(self) -> bool:
        """Calls in JSON are such only where the answer begins."""
        start = json_from(self._text)
        if start is None:
            return False
        self._step = self._running
        if start >= 0:
            self._open(start)
            self._value = Brackets()
            self._step = self._json
        return True

    def _running(self) -> bool:
        marker = MARKER.search(self._text)
        if marker is None:
            self._pass(held_from(self._text))
            return False
        lead = lead_from(self._text, marker.start())
        self._pass(lead)
        self._open(marker.start() - lead)
        self._scanner = Scanner(patient=self._ledger.patient, blind=self._blind)
        self._step = self._block
        return True

    def _pass(self, end: int) -> None:
        if end:
            self._ledger.text(self._text[:end])
            self._text = self._text[end:]

    def _open(self, start: int) -> None:
        self._capture = Capture(self._text[:start])
        self._text = self._text[start:]

    def _block(self) -> bool:
        piece, self._text = self._capture.take(self._text)
        self._scanner.feed(piece)
        if self._scanner.end is None:
            return self._capture.full and self._overflow()
        self._text = self._capture.cut(self._scanner.end) + self._text
        self._decide_block()
        return True

    def _json(self) -> bool:
        before = self._capture.size
        piece, self._text = self._capture.take(self._text)
        end = self._value.feed(piece)
        if end < 0:
            return self._capture.full and self._overflow()
        self._text = self._capture.cut(before + end) + self._text
        if self._capture.text.startswith("{"):
            self._decide([*entries_in(self._capture.text)])
        else:
            self._step = self._remainder
        return True

    def _remainder(self) -> bool:
        """A list of calls must be the whole text, but for the end of its fence."""
        if REMAINDER.fullmatch(self._text):
            return False
        self._ledger.text(self._capture.raw)
        self._step = self._running
        return True

    def _overflow(self) -> bool:
        self._ledger.text(self._capture.raw)
        self._step = self._past_limit
        return True

    def _past_limit(self) -> bool:
        self._pass(len(self._text))
        return False

    def _ended(self) -> bool:
        self._text = ""
        return False

    def _decide_block(self) -> None:
        """A marker that nothing else of a block followed was mere prose."""
        block, tags = self._capture.text, self._scanner.tags
        rest = block[tags[-1].end :].lstrip()[:1] if tags else ""
        if rest in {"{", "["} or any(tag.closing or tag.alone for tag in tags):
            self._decide(calls_in(block, tags))
        else:
            self._ledger.text(self._capture.raw)
            self._step = self._running

    def _decide(self, written: Sequence[Written]) -> None:
        verdict = self._judge.verdict(written)
        if self._ledger.block(self._capture.raw, verdict):
            self._text = ""
            self._step = self._ended
        else:
            self._step = self._running

    def _cut_block(self) -> None:
        """Take what is there for the block; if that is no good, take it by its tags."""
        text, raw = self._capture.text, self._capture.raw
        written = calls_in(text, self._scanner.tags)
        if self._blind or self._judge.verdict(written).calls:
            self._decide_block()
            return
        self._blind = True
        self._step = self._running
        self.feed(raw)
        self.close()

    def _cut_json(self) -> None:
        written = [*entries_in(self._capture.text)]
        is_object = self._capture.text.startswith("{")
        if is_object or (written and self._judge.declared(written)):
            self._decide(written)
        else:
            self._ledger.text(self._capture.raw)
