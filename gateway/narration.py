"""A drawing or a film told as a chat: progress as thoughts, results as text (3.4)."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from gateway import films, pictures
from gateway.asking import Ask
from gateway.conversation import progress_words, tokens
from gateway.conversation.drawing import Drawing
from gateway.conversation.events import (
    Event,
    Finished,
    MediaProgress,
    MediaReady,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from gateway.conversation.filming import Filming
from gateway.media_links import data_uri, markdown

Batches = AsyncGenerator[Sequence[Event], None]


async def run(drawing: Drawing, ask: Ask) -> Batches:
    """Raises GatewayError if there is no picture at all."""

    def words(percent: int, ready: int) -> str:
        return progress_words.of_pictures(percent, ready, drawing.n)

    manner = Manner(words, lambda one: markdown(one.url), pictures.MOST_REFERENCES)
    async with aclosing(told(pictures.run(drawing, ask), manner, ask)) as batches:
        async for events in batches:
            yield events


async def run_film(filming: Filming, ask: Ask) -> Batches:
    """Raises GatewayError if there is no film."""

    def words(percent: int, _ready: int) -> str:
        return progress_words.of_film(percent)

    manner = Manner(words, lambda one: one.url, films.MOST_REFERENCES)
    async with aclosing(told(films.run(filming, ask), manner, ask)) as batches:
        async for events in batches:
            yield events


@dataclass(frozen=True, slots=True)
class Manner:
    """`words` of percent and results so far; `form` of one result.

    `references`: how many pictures of the request are looked at.
    """

    words: Callable[[int, int], str]
    form: Callable[[MediaReady], str]
    references: int


async def told(made: Batches, manner: Manner, ask: Ask) -> Batches:
    teller = Teller(manner, ask)
    async with aclosing(made) as batches:
        async for events in batches:
            yield teller.tell(events)


class Teller:
    """Results come last, after all that is to be said of their progress."""

    def __init__(self, manner: Manner, ask: Ask) -> None:
        self._manner = manner
        self._ask = ask
        self._silent = ask.conversation.options.reasoning is False
        self._streamed = ask.conversation.options.stream
        self._thoughts: list[str] = []
        self._ready: list[MediaReady] = []

    def tell(self, events: Sequence[Event]) -> Sequence[Event]:
        passed: list[Event] = []
        self._ready += [one for one in events if isinstance(one, MediaReady)]
        for event in events:
            match event:
                case MediaProgress():
                    passed += self._progress(event.percent)
                case Finished():
                    passed += self._shown()
                    usage = self._ask.journal.usage = self._usage(event.usage)
                    passed.append(replace(event, usage=usage))
                case _:
                    pass
        return passed

    def _progress(self, percent: int) -> Sequence[Event]:
        if self._silent:
            return ()
        line = self._manner.words(percent, len(self._ready))
        if not self._streamed:  # lines are joined, and the last one ends nothing
            line = line.strip("\n")
            line = f"\n{line}" if self._thoughts else line
        self._thoughts.append(line)
        return (ReasoningDelta(line),)

    def _shown(self) -> Sequence[Event]:
        whole = (replace(one, url=one.url or data_uri(one.data)) for one in self._ready)
        return [
            TextDelta(f"\n\n{text}" if number else text)
            for number, text in enumerate(map(self._manner.form, whole))
        ]

    def _usage(self, asked: Usage) -> Usage:
        sources = self._ask.conversation.attachments(self._manner.references)
        image_tokens = tokens.attached_counts(sources)[0]
        thoughts = tokens.count("".join(self._thoughts))
        shown = tokens.count("\n\n".join(map(self._manner.form, self._ready)))
        prompt = asked.prompt_tokens + image_tokens
        return Usage(prompt, thoughts + shown, thoughts, image_tokens)
