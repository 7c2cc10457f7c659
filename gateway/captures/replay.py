"""A tape gone through again: the same decoder, shaper and encoder, without any I/O.

What a turn does in between (retries, the one correction, the end) stands on the tape as
steps, so that the order of everything is the one it had.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from gateway.captures.encoding import Encoding, Seals
from gateway.conversation.events import (
    Event,
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolCall,
)
from gateway.conversation.fold import Completion
from gateway.conversation.shaping import Shaper
from gateway.errors import UpstreamFault
from gateway.protocols import sse
from gateway.protocols.base import Json
from gateway.tape import (
    Again,
    Alive,
    Asked,
    Attached,
    Begun,
    Closed,
    Ended,
    Failed,
    Heard,
    Opened,
    Recipe,
    Shown,
    Step,
    Tape,
)
from gateway.upstream.decoder import ChatDecoder, StreamError
from gateway.upstream.failures import IN_BAND
from gateway.upstream.fields import decode, record, text
from gateway.upstream.verdicts import verdict_of_response, verdict_of_stream

SETTING_UP = frozenset({"session.created", "conversation.attached"})


@dataclass(slots=True)
class Played:
    """What came of it; `course` says the kinds and lengths of events, not their words.

    `verdicts` are pairs of the cause of a failure as it was judged then, and as it is
    judged now. `raised` names exceptions of the decoder or encoder.
    """

    sent: bytearray = field(default_factory=bytearray)
    course: list[str] = field(default_factory=list)
    verdicts: list[tuple[str, str]] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)
    stages: list[tuple[Step, list[Event], bytes]] = field(default_factory=list)

    @property
    def misjudged(self) -> tuple[str, str] | None:
        return next((pair for pair in self.verdicts if pair[0] != pair[1]), None)


class Player:
    """`step` for each step in order; `played` grows."""

    def __init__(
        self, tape: Tape, recipe: Recipe, seals: Seals, request_id: str
    ) -> None:
        self._recipe = recipe
        self._request_id = request_id
        self._encoding = Encoding(recipe, seals, tape.completed_at)
        self._encoder = self._encoding.encoder() if recipe.stream else None
        self._shape = tape.shape
        self._shaper = Shaper(tape.shape)
        self._decoder = ChatDecoder("", summary=False)
        self._form = ""
        self._attached = False
        self._verdict = ""
        self._second = False
        self._completion = Completion()
        self._pending = b""
        self._opened = False
        self._broken = False
        self.played = Played()

    def step(self, step: Step) -> None:
        before = len(self.played.sent)
        events: list[Event] = []
        try:
            self._take(step, events)
        except Exception as exc:  # noqa: BLE001 - what is raised is what is looked for
            self._broken = True
            self.played.raised.append(f"{type(exc).__name__}")
        sent = bytes(self.played.sent[before:])
        self.played.course += map(outlined, events)
        self.played.stages.append((step, events, sent))

    def _take(self, step: Step, events: list[Event]) -> None:
        match step:
            case Begun() | Again() | Asked() | Attached():
                self._set_up(step)
            case Heard() | Closed():
                self._hear(step, events)
            case Failed():
                self._fail(step)
            case Shown():
                self._pass(self._shaper.close(step.pictures), events)
            case Opened() | Alive() | Ended():
                self._answer(step)
            case _:
                assert_never(step)

    def _set_up(self, step: Begun | Again | Asked | Attached) -> None:
        match step:
            case Begun():
                self._shaper, self._second = Shaper(self._shape), False
            case Again():
                self._shaper.finish()
                self._shaper.again()
                self._second = True
            case Asked():
                self._form, self._attached, self._verdict = step.form, False, ""
                self._decoder = ChatDecoder(step.assets_url, step.summary)
            case Attached():
                self._attached = True

    def _hear(self, step: Heard | Closed, events: list[Event]) -> None:
        try:
            found = self._decoded(step)
        except StreamError as error:
            self._verdict = verdict_of_stream(error)
            found = error.events
        if found:
            self._pass(self._shaper.feed(found), events)

    def _decoded(self, step: Heard | Closed) -> list[Event]:
        if isinstance(step, Closed):
            return self._decoder.close()
        if self._form == "rest":
            return self._decoder.feed(step.data)
        frame = decode(step.data) or {}
        kind = text(record(frame.get("event")).get("type"))
        if self._attached:
            return self._decoder.take(frame)
        if kind not in SETTING_UP:
            self._decoder.take(frame)
        return []

    def _pass(self, passed: Sequence[Event], events: list[Event]) -> None:
        """On to the encoder, or into the whole answer."""
        if self._broken or not passed:
            return
        events += passed
        if self._encoder is None:
            self._completion.add(passed)
            if self._completion.finished is not None:
                self._send(sse.dumps(self._encoding.reply(self._completion)))
        else:
            self._send(self._encoder.feed(passed))

    def _fail(self, step: Failed) -> None:
        if step.status == IN_BAND.status:
            pass  # what was heard has told it, or tells it no more
        elif step.status:
            headers = dict(step.headers)
            self._verdict = verdict_of_response(step.status, headers, step.body)
        elif not self._verdict and step.fault == UpstreamFault.EMPTY:
            self._verdict = "" if self._shaper.empty else "not empty"
        else:
            self._verdict = self._verdict or step.cause  # nothing heard tells it
        self.played.verdicts.append((step.cause, self._verdict))
        self._verdict = ""
        if self._second:
            self._shaper.give_up()

    def _answer(self, step: Opened | Alive | Ended) -> None:
        if isinstance(step, Ended):
            self._broken = True
            self._end(step)
        elif self._encoder is not None and isinstance(step, Opened):
            self._encoding.input_tokens = step.input_tokens
            pending, self._pending = self._pending, b""
            self._opened = True
            self._send(self._encoder.opening() + pending)
        elif self._encoder is not None:
            self._send(self._encoder.keep_alive())

    def _end(self, step: Ended) -> None:
        if self._encoder is not None and self._opened:
            self._send(self._encoder.failure(step.error))
        else:
            self.played.sent += sse.dumps(self._error_body(step))

    def _error_body(self, step: Ended) -> Json:
        return self._encoding.failure(step.error, self._request_id).body

    def _send(self, data: bytes) -> None:
        """A stream waits for its status line with the first bytes."""
        if self._opened or not self._recipe.stream:
            self.played.sent += data
        else:
            self._pending += data


def play(tape: Tape, seals: Seals, request_id: str) -> Played:
    if tape.recipe is None:
        raise ValueError("a tape without a recipe cannot be gone through")
    player = Player(tape, tape.recipe, seals, request_id)
    for step in tape.steps:
        player.step(step)
    return player.played


def outlined(event: Event) -> str:
    """The kind of an event, and how long it is."""
    kind = type(event).__name__
    match event:
        case TextDelta() | ReasoningDelta():
            return f"{kind} {len(event.text)}"
        case ToolCall():
            return f"{kind} {len(event.name)} {len(event.arguments)}"
        case Finished():
            return f"{kind} {event.reason} {event.stop is not None}"
    return kind
