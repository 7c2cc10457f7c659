"""Texts whose secrets, or whose words altogether, are covered.

A covered text has as many characters as before, each as long in UTF-8 as the one it
covers, so that borders, positions and lengths stay what they were. Words become `x`.
Names that a decoder compares (ids, addresses, names of tools) become others, the same
for the same, by a key that is thrown away. Words of the wire itself are kept.
"""

import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import count

from gateway.captures.words import KEPT
from grokgateway.redaction import Redactor

SEGMENT = re.compile(r"[^\W_]+")
ATTRIBUTE = re.compile(r'(?<!\w)(\w{1,64})(\s{0,8}=\s{0,8}")([^"]*)')
TAG_WORDS = frozenset({"type", "card_type"})
PARTS = re.compile(
    r"(?P<tag><grok:render\b[^<>]{0,4096}>?)|(?P<url>https?://[^\s\"'<>)\]\\]+)"
)
SCHEME = re.compile(r"https?://|data:[\w/+.-]+;base64,")
# What is nobody's business, whoever said it. Each part looks at a character a few times
# at most, however long the text is.
PRIVATE = re.compile(
    r"""
      (?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}
    | [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}
    | (?<=users/)[\w-]+
    | (?<=\?)[^\s"'<>)\]?=]*=[^\s"'<>)\]]*
    | (?<![\w=-])(?=[\w=-]*\d)(?=[\w=-]*[A-Za-z])[\w=-]{32,}
    | (?<![\w+/=])(?=[\w+/]*\d)(?=[\w+/]*[a-z])(?=[\w+/]*[A-Z])[\w+/]{32,}={0,2}
    | (?:sk|gk|xai|key|hf|ghp|pk)[-_][\w-]{12,}
    """,
    re.VERBOSE,
)
LETTERS = "abcdefghijklmnopqrstuvwyz"  # without the one that covers
DIGITS = "23456789"
TWO_BYTES, THREE_BYTES, FOUR_BYTES = "\u0436", "\u6587", "\U0001d54f"
RAW_BYTE = "\udcff"
SHORTEST_SECRET_CHARS = 6


class Table(dict[int, int]):
    """For `str.translate`: a cover for every character that is part of a word."""

    def __missing__(self, code: int) -> int:
        cover = self[code] = ord(covered(chr(code)))
        return cover


def covered(char: str) -> str:
    if 0xDC80 <= ord(char) <= 0xDCFF:
        return RAW_BYTE  # a byte that is no UTF-8
    if char.isascii():
        if char.isdigit():
            return "1"
        if char.isalpha():
            return "X" if char.isupper() else "x"
        return char
    if unicodedata.category(char)[0] in {"P", "Z"} or 0xD800 <= ord(char) <= 0xDFFF:
        return char
    return (TWO_BYTES, THREE_BYTES, FOUR_BYTES)[len(char.encode()) - 2]


class Cover:
    """Of one capture; `words` says that all words are covered, not secrets alone.

    `names` are the caller's own, compared as a whole; `phrases` wherever they stand.
    """

    def __init__(
        self,
        hidden: Iterable[str],
        redactor: Redactor,
        *,
        words: bool,
        names: Iterable[str] = (),
        phrases: Iterable[str] = (),
    ) -> None:
        self.words = words
        self._key = secrets.token_bytes(32)
        self._redactor = redactor
        self._table = Table()
        self._exact = alternatives(
            one for one in hidden if len(one) >= SHORTEST_SECRET_CHARS
        )
        own = alternatives(phrases), alternatives(names)
        phrase, name = (one.pattern if one else "" for one in own)
        bounded = rf"(?<![^\W_])(?:{name})(?![^\W_])" if name else ""
        told = "|".join(filter(None, (phrase, bounded)))
        self._own = re.compile(told) if told else None

    def text(self, text: str) -> str:
        """The covered text."""
        return self.hidden(text) if self.words else self.secret(text)

    def hidden(self, text: str) -> str:
        """The text with all its words covered, also where others are left."""
        plain = text.translate(self._table)
        places = (*self._kept(text), *self._private(text), *self._own_names(text))
        return self._put(text, plain, places)

    def secret(self, text: str) -> str:
        """The text with its secrets covered, and all other words in clear."""
        places = list(self._private(text))
        return self._put(text, text, places) if places else text

    def name(self, name: str) -> str:
        """Another name, of the same form; by its parts, so that joined names fit."""
        return SEGMENT.sub(lambda part: self._segment(part[0]), name)

    def term(self, text: str) -> str:
        """What other texts are compared with: another, where words are covered."""
        return self.name(text) if self.words else self.secret(text)

    def address(self, address: str) -> str:
        """An address or id; what kind of address it is stays."""
        scheme = SCHEME.match(address)
        start = scheme.end() if scheme else 0
        return address[:start] + self._strange(address[start:])

    def _put(self, text: str, over: str, places: Iterable[tuple[int, int, str]]) -> str:
        """`over`, with what stands at the places; later ones win."""
        pieces = list(over)
        for start, end, told in places:
            pieces[start:end] = told
        assert len(pieces) == len(text)  # noqa: S101 - borders would move
        return "".join(pieces)

    def _private(self, text: str) -> Iterator[tuple[int, int, str]]:
        for pattern in (self._exact, PRIVATE):
            for found in pattern.finditer(text) if pattern else ():
                yield found.start(), found.end(), self._strange(found[0])
        for start, end in self._redactor.spans(text):
            yield start, end, self._strange(text[start:end])

    def _kept(self, text: str) -> Iterator[tuple[int, int, str]]:
        for found in SEGMENT.finditer(text):
            if found[0].lower() in KEPT:
                yield found.start(), found.end(), found[0]
        for found in PARTS.finditer(text):
            told = self._tag(found[0]) if found["tag"] else self.address(found[0])
            yield found.start(), found.end(), told

    def _own_names(self, text: str) -> Iterator[tuple[int, int, str]]:
        for found in self._own.finditer(text) if self._own else ():
            yield found.start(), found.end(), self.name(found[0])

    def _tag(self, tag: str) -> str:
        def attribute(found: re.Match[str]) -> str:
            name, between, value = found.groups()
            kept = name in TAG_WORDS and all(
                part.lower() in KEPT for part in SEGMENT.findall(value)
            )
            return f"{name}{between}{value if kept else self.address(value)}"

        return ATTRIBUTE.sub(attribute, tag)

    def _segment(self, part: str) -> str:
        return part if part.lower() in KEPT else self._strange(part)

    def _strange(self, text: str) -> str:
        return SEGMENT.sub(lambda part: self._other(part[0]), text)

    def _other(self, part: str) -> str:
        """Drawn by the key and the whole part, letter by letter."""
        stream = digits_of(self._key, part.lower())
        return "".join(other(char, next(stream)) for char in part)


def digits_of(key: bytes, part: str) -> Iterator[int]:
    seed = blake2b(part.encode("utf-8", "surrogatepass"), key=key).digest()
    for block in count():
        yield from blake2b(seed + block.to_bytes(8), key=key).digest()


def other(char: str, drawn: int) -> str:
    if char.isascii():
        if char.isdigit():
            return DIGITS[drawn % len(DIGITS)]
        letter = LETTERS[drawn % len(LETTERS)]
        return letter.upper() if char.isupper() else letter
    cover = covered(char)
    if cover == TWO_BYTES:
        return chr(0x0430 + drawn % 6)
    if cover == THREE_BYTES:
        return chr(0x4E00 + drawn)
    return chr(0x1D400 + drawn % 64) if cover == FOUR_BYTES else cover


def alternatives(texts: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted(filter(None, set(texts)), key=len, reverse=True)
    return (
        re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
    )
