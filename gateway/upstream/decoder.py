"""Upstream's chat stream to neutral events, incrementally and without I/O.

Owns the order in which the parts of a frame count (upstream-protocol 3.5, with the
wider reading of 13.4); what each part means is the affair of the sibling modules. The
frames of either generation are understood, whichever way they come (13.3).
Frames of unknown kind and unknown fields are passed over.
"""

from collections.abc import Iterable

from gateway.conversation.events import (
    Event,
    MediaReady,
    ReasoningDelta,
    Searched,
    TextDelta,
)
from gateway.upstream.cards import Pictures, attached_cards, concluding_cards
from gateway.upstream.citations import CitedText
from gateway.upstream.continuation import Continuation
from gateway.upstream.drift import KNOWN, Noticed
from gateway.upstream.fields import Json, number, record, text
from gateway.upstream.frames import Frames
from gateway.upstream.gateway_frames import CHUNKS, EVENTS, Translator
from gateway.upstream.inband import StreamError, refuse, refuse_errors, refuse_object
from gateway.upstream.results import WEB_KEYS, X_KEYS, found_sources
from gateway.upstream.summary import SummaryThinking
from gateway.upstream.thinking import RawThinking, Thinking, Thought
from gateway.upstream.tool_cards import tool_use

__all__ = ["ChatDecoder", "StreamError"]

WEB_SEARCH = "web_search"

FINDING_KEYS = frozenset(
    ("cardAttachment", "cardAttachments", "error", *WEB_KEYS, *X_KEYS)
)
SPECIAL_KEYS = FINDING_KEYS | {"toolUsageCardId", "modelResponse", "finalMetadata"}
PLAIN_KEYS = KNOWN - SPECIAL_KEYS


class ChatDecoder:
    """`ended` says that the answer is complete and nothing more needs to be read.

    A soft stop ends it at once if something was answered; if nothing was, what follows
    is read for the whole answer in `modelResponse`.
    """

    def __init__(self, assets_url: str, summary: bool) -> None:
        self.ended = False
        self.noticed = Noticed()
        self._frames = Frames()
        self._source_titles: dict[str, str] = {}
        self._text = CitedText(self._source_titles)
        self._pictures = Pictures(assets_url)
        self._thinking: Thinking = SummaryThinking() if summary else RawThinking()
        self._said = Continuation()
        self._translator = Translator()
        self._plain: list[str] = []
        self._begun = False
        self._answered = False
        self._stopping = False

    def feed(self, data: bytes) -> list[Event]:
        """Raises StreamError, which carries the events that came before it."""
        events: list[Event] = []
        if not self.ended:
            self._decode(self._frames.feed(data), events)
            if self._frames.finished and not self.ended:
                self._end(events)
        return events

    def take(self, frame: Json) -> list[Event]:
        """Like `feed`, for a frame that came whole."""
        events: list[Event] = []
        if not self.ended:
            self._decode([frame], events)
        return events

    def close(self) -> list[Event]:
        """The body ended: good with or without a signal, but not inside a frame."""
        events: list[Event] = []
        if not self.ended:
            self._decode(self._frames.close(), events)
            if self._frames.truncated:
                self.ended = True
                error = StreamError(None, "the reply ends inside a frame")
                error.events = events
                raise error
            self._end(events)
        return events

    def _decode(self, frames: list[Json], events: list[Event]) -> None:
        try:
            self._read_all(frames, events)
            if self._frames.oversize and not self.ended:
                raise StreamError(None, "frame too large")
        except StreamError as error:
            self.ended = True
            error.events = events
            raise

    def _read_all(self, frames: list[Json], events: list[Event]) -> None:
        """The hot path: a frame of plain text costs one event and no further calls."""
        cited, plain, append = self._text, self._plain, events.append
        for frame in frames:
            try:
                response = frame["result"]["response"]
                token = response["token"]
                is_plain = (
                    cited.idle
                    and "<" not in token
                    and not response.get("isThinking")
                    and response.get("messageTag", "final") == "final"
                    and not response.get("isSoftStop")
                    and len(frame) == 1
                    and PLAIN_KEYS.issuperset(response)
                    and token.__class__ is str
                )
            except (KeyError, TypeError, AttributeError):
                is_plain = False
            if is_plain and token:
                plain.append(token)
                append(TextDelta(token))
                continue
            self._settle()
            self._read(frame, events)
            if self.ended:
                return
        self._settle()

    def _settle(self) -> None:
        """Account for the plain text that was passed on since the last time."""
        if self._plain:
            words = "".join(self._plain)
            self._plain.clear()
            self._said.add(words)
            self._text.length += len(words)
            self._begun = self._answered = True

    def _read(self, frame: Json, events: list[Event]) -> None:
        if "event" in frame:
            self.noticed.event(frame, EVENTS, CHUNKS)
            for told in self._translator.frames(record(frame["event"])):
                self._interpret(told, events)
        else:
            response = record(record(frame.get("result")).get("response"))
            self.noticed.response(frame, response)
            self._interpret(frame, events)

    def _interpret(self, frame: Json, events: list[Event]) -> None:
        refuse_object(frame.get("error"))
        response = record(record(frame.get("result")).get("response"))
        if not FINDING_KEYS.isdisjoint(response):
            refuse(response.get("error"))
            self._take_findings(response, attached_cards(response), events)
        self._take_token(response, events)
        if "modelResponse" in response:
            self._conclude(record(response["modelResponse"]), events)
        self._look_for_end(response, events)

    def _take_findings(
        self, response: Json, cards: Iterable[Json], events: list[Event]
    ) -> None:
        for card in cards:
            self._take_card(card, events)
        self._take_sources(response, events)

    def _take_card(self, card: Json, events: list[Event]) -> None:
        self._text.learn(card)
        for event in self._pictures.develop(card):
            self._answered = self._answered or isinstance(event, MediaReady)
            events.append(event)

    def _take_sources(self, response: Json, events: list[Event]) -> None:
        for source in found_sources(response):
            if source.url not in self._source_titles:
                named = source.type == "web"
                self._source_titles[source.url] = source.title if named else source.url
                events.append(source)

    def _take_token(self, response: Json, events: list[Event]) -> None:
        tag = response.get("messageTag")
        if tag == "tool_usage_card":
            self._take_tool(response, events)
            return
        if tag == "raw_function_result" or follows_tool(response):
            return
        token = response.get("token")
        if not isinstance(token, str):
            return
        if response.get("isThinking"):
            step = number(response.get("messageStepId")) or 0
            rollout = text(response.get("rolloutId"))
            thought = Thought(token, text(tag), step, rollout)
            self._reason(self._thinking.think(thought), events)
        elif tag is None or tag == "final":
            self._begun = True
            self._speak(token, events)

    def _take_tool(self, response: Json, events: list[Event]) -> None:
        tool = tool_use(response)
        if tool is None or self._begun:
            return
        if tool.name == WEB_SEARCH:
            events.append(Searched(tool.argument))
        self._reason(self._thinking.use(tool), events)

    def _reason(self, words: str, events: list[Event]) -> None:
        if words:
            self._answered = True
            events.append(ReasoningDelta(words, self._begun))

    def _speak(self, words: str, events: list[Event]) -> None:
        self._said.add(words)
        events += self._text.feed(words)
        self._answered = self._answered or self._text.length > 0

    def _conclude(self, model: Json, events: list[Event]) -> None:
        """The whole answer again; what did not come before is new."""
        refuse_errors(model)
        self._take_findings(model, concluding_cards(model), events)
        if model.get("partial"):
            return
        tail = self._said.tail(text(model.get("message")))
        if tail:
            self._begun = True
            self._speak(tail, events)
        for event in self._pictures.listed(model):
            self._answered = True
            events.append(event)

    def _look_for_end(self, response: Json, events: list[Event]) -> None:
        if response.get("finalMetadata"):
            self._end(events)
            return
        self._stopping = self._stopping or bool(response.get("isSoftStop"))
        if self._stopping:
            self._flush(events)
            self.ended = self._answered

    def _flush(self, events: list[Event]) -> None:
        events += self._text.flush()
        self._answered = self._answered or self._text.length > 0
        self._reason(self._thinking.flush(), events)

    def _end(self, events: list[Event]) -> None:
        self._flush(events)
        self.ended = True


def follows_tool(response: Json) -> bool:
    """A follow-up of a tool card, whose token is not for the reader."""
    if not response.get("toolUsageCardId"):
        return False
    results = ("webSearchResults", "codeExecutionResult")
    return all(response.get(key) is None for key in results)
