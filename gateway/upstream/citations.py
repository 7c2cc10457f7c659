"""Answer text with upstream's render tags replaced (upstream-protocol 3.9).

The result depends on the text and on the cards known, not on how the text was cut: a
tag that is not whole yet is held back. Line breaks directly before a citation mark
vanish, so that a mark on a line of its own joins its sentence; for that, once a
citation card is known, trailing line breaks wait for the text behind them.
"""

import re
from collections.abc import Mapping

from gateway.conversation.events import Citation, Event, TextDelta
from gateway.upstream.fields import Json, record, text

OPENING = "<grok:render"
CLOSING = "</grok:render>"
TAG_MAX_CHARS = 64 * 1024
ATTRIBUTE = re.compile(r'(\w+)\s*=\s*"([^"]*)"')


def searched_image(card: Json) -> str:
    image = record(card.get("image"))
    thumbnail = text(image.get("thumbnail")) or text(image.get("original"))
    if not thumbnail:
        return ""
    picture = f"![{text(image.get('title')) or 'image'}]({thumbnail})"
    link = text(image.get("link"))
    return f"[{picture}]({link})" if link else picture


class CitedText:
    """`length` counts the code points given out.

    `idle` says that text without `<` would come out of `feed` as it is, so that it need
    not be fed but only counted.
    """

    def __init__(self, source_titles: Mapping[str, str]) -> None:
        self.length = 0
        self.idle = True
        self._source_titles = source_titles
        self._cited: dict[str, tuple[str, str]] = {}
        self._images: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._last_number = 0
        self._held: list[str] = []
        self._held_chars = 0
        self._in_tag = False
        self._breaks = ""
        self._spoken: list[str] = []
        self._marks: list[Citation] = []

    def learn(self, card: Json) -> None:
        card_id, url = text(card.get("id")), text(card.get("url"))
        image = searched_image(card)
        if card_id and url:
            self._cited[card_id] = (url, text(card.get("title")))
            self.idle = False
        if card_id and image:
            self._images[card_id] = image

    def feed(self, piece: str) -> list[Event]:
        """At most one TextDelta, then the citations in it."""
        if self._held:
            if self._may_wait(piece):
                self._held.append(piece)
                self._held_chars += len(piece)
                return []
            piece = "".join((*self._held, piece))
        self._hold(self._replace(piece))
        return self._events()

    def flush(self) -> list[Event]:
        """The end: what was held was no tag."""
        self._say("".join(self._held))
        self._hold("")
        self._show("")
        return self._events()

    def _may_wait(self, piece: str) -> bool:
        if not self._in_tag or ">" in piece:
            return False
        return self._held_chars + len(piece) < TAG_MAX_CHARS

    def _hold(self, rest: str) -> None:
        self._held = [rest] if rest else []
        self._held_chars = len(rest)
        self._in_tag = rest.startswith(OPENING)

    def _events(self) -> list[Event]:
        self.idle = not (self._held or self._cited)
        if not self._spoken:
            return []
        events: list[Event] = [TextDelta("".join(self._spoken)), *self._marks]
        self._spoken.clear()
        self._marks.clear()
        return events

    def _replace(self, piece: str) -> str:
        """Speak what is certain; what may be the beginning of a tag is returned."""
        position = 0
        while (start := piece.find(OPENING, position)) >= 0:
            self._say(piece[position:start])
            end = tag_end(piece, start)
            if end <= start + TAG_MAX_CHARS and end >= 0:
                self._render(piece[start:end])
                position = end
            elif len(piece) - start < TAG_MAX_CHARS:
                return piece[start:]
            else:
                position = start + TAG_MAX_CHARS
                self._say(piece[start:position])
        rest = piece[position:]
        begun = opening_begun(rest)
        self._say(rest[: len(rest) - begun])
        return rest[len(rest) - begun :]

    def _say(self, words: str) -> None:
        """Literal text."""
        if not self._cited:
            self._show(words)
            return
        body = words.rstrip("\r\n")
        if body:
            self._show(body)
        self._breaks += words[len(body) :]

    def _show(self, words: str) -> None:
        shown = self._breaks + words
        self._breaks = ""
        if shown:
            self._spoken.append(shown)
            self.length += len(shown)
        if not words.isspace() and words:
            self._last_number = 0

    def _render(self, tag: str) -> None:
        attributes = dict(ATTRIBUTE.findall(tag, 0, tag.find(">")))
        kind, card_id = attributes.get("type"), attributes.get("card_id", "")
        if kind == "render_inline_citation" and card_id in self._cited:
            self._cite(*self._cited[card_id])
        elif kind == "render_searched_image" and card_id in self._images:
            self._show(self._images[card_id])

    def _cite(self, url: str, title: str) -> None:
        number = self._numbers.setdefault(url, len(self._numbers) + 1)
        if number == self._last_number:
            return
        mark = f" [[{number}]]({url})"
        start = self.length
        self._breaks = ""
        self._show(mark)
        self._last_number = number
        title = title or self._source_titles.get(url, url)
        self._marks.append(Citation(url, title, start, self.length))


def tag_end(piece: str, start: int) -> int:
    """Where the tag that opens at `start` ends, or -1 if its end is not there."""
    bracket = piece.find(">", start)
    if bracket < 0:
        return -1
    if piece[bracket - 1] == "/":
        return bracket + 1
    closing = piece.find(CLOSING, bracket)
    return closing + len(CLOSING) if closing >= 0 else -1


def opening_begun(piece: str) -> int:
    """How many characters at the end may be the beginning of an opening tag."""
    start = piece.rfind("<", -len(OPENING) + 1)
    if start >= 0 and OPENING.startswith(piece[start:]):
        return len(piece) - start
    return 0
