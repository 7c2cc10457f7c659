"""A drawing told as a chat: progress as thoughts, pictures as Markdown (3.4)."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from gateway import pictures
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
from gateway.media_links import data_uri, markdown


async def run(drawing: Drawing, ask: Ask) -> AsyncGenerator[Sequence[Event], None]:
    """Raises GatewayError if there is no picture at all."""
    teller = Teller(drawing, ask)
    async with aclosing(pictures.run(drawing, ask)) as batches:
        async for events in batches:
            yield teller.tell(events)


class Teller:
    """Pictures come last, after all that is to be said of their progress."""

    def __init__(self, drawing: Drawing, ask: Ask) -> None:
        self._wanted = drawing.n
        self._ask = ask
        self._silent = ask.conversation.options.reasoning is False
        self._streamed = ask.conversation.options.stream
        self._thoughts: list[str] = []
        self._pictures: list[MediaReady] = []

    def tell(self, events: Sequence[Event]) -> Sequence[Event]:
        passed: list[Event] = []
        self._pictures += [one for one in events if isinstance(one, MediaReady)]
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
        line = progress_words.of_pictures(percent, len(self._pictures), self._wanted)
        if not self._streamed:  # lines are joined, and the last one ends nothing
            line = line.strip("\n")
            line = f"\n{line}" if self._thoughts else line
        self._thoughts.append(line)
        return (ReasoningDelta(line),)

    def _shown(self) -> Sequence[Event]:
        addresses = [one.url or data_uri(one.data) for one in self._pictures]
        return [
            TextDelta(f"\n\n{markdown(address)}" if number else markdown(address))
            for number, address in enumerate(addresses)
        ]

    def _usage(self, asked: Usage) -> Usage:
        sources = self._ask.conversation.attachments(pictures.MOST_REFERENCES)
        image_tokens = tokens.attached_counts(sources)[0]
        thoughts = tokens.count("".join(self._thoughts))
        shown = tokens.count("\n\n".join(markdown(one.url) for one in self._pictures))
        prompt = asked.prompt_tokens + image_tokens
        return Usage(prompt, thoughts + shown, thoughts, image_tokens)
