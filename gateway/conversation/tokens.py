"""Usage estimates: exact o200k_base counts, taken per segment (public-api 8).

The vocabulary ships with the project, so nothing is fetched at run time. A text is
counted in segments whose borders depend on the text alone, never on how it arrived, so
a streamed answer and a whole one agree to the token while memory stays bounded.
"""

import gzip
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

import tiktoken

from gateway.conversation.requests import Attachment

SEGMENT_CHARS = 4096  # a segment ends before the first white space after this many
SEGMENT_LIMIT_CHARS = 16_384  # ... or here, where no white space comes
ESTIMATE_ABOVE_BYTES = 2 * 1024 * 1024
PROMPT_OVERHEAD_TOKENS = 4
IMAGE_TOKENS = 1000
FILE_TOKENS_LIMIT = 50_000
UNKNOWN_FILE_TOKENS = 1000  # a remote file's size is not known when it is counted

PATTERN = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)


def prompt_count(prompt: str) -> int:
    """Tokens of a flattened prompt with its overhead; 0 if it is empty."""
    trimmed = prompt.strip()
    return count(trimmed) + PROMPT_OVERHEAD_TOKENS if trimmed else 0


def attached_counts(attachments: Iterable[Attachment]) -> tuple[int, int]:
    """Flat estimates for images, and for all other files by their size.

    Known from the request alone, so that counting and answering agree.
    """
    images = others = 0
    for attachment in attachments:
        if attachment.kind == "image":
            images += IMAGE_TOKENS
        elif attachment.source.startswith("data:"):
            size = len(attachment.source.partition(",")[2]) * 3 // 4
            others += min(-(-size // 4), FILE_TOKENS_LIMIT)
        else:
            others += UNKNOWN_FILE_TOKENS
    return images, others


def count(text: str) -> int:
    """Tokens of a whole text; an estimate above 2 MB."""
    if len(text) * 4 > ESTIMATE_ABOVE_BYTES:
        size = len(text.encode("utf-8", "replace"))
        if size > ESTIMATE_ABOVE_BYTES:
            return estimate(text)
    meter = Meter()
    meter.feed(text)
    return meter.total()


def estimate(text: str) -> int:
    """The formula for texts too long to tokenise: no table, one pass."""
    ascii_chars = sum(1 for char in text if char < "\x80")
    cjk_chars = sum(1 for char in text if is_cjk(char))
    others = len(text) - ascii_chars - cjk_chars
    return -(-ascii_chars // 4) + cjk_chars + -(-others // 2)


def is_cjk(char: str) -> bool:
    return "\u2e80" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af"


class Meter:
    """Counts a text that arrives in pieces; holds at most one segment of it."""

    __slots__ = ("_held", "_held_chars", "_tokens", "length")

    def __init__(self) -> None:
        self._held: list[str] = []
        self._held_chars = 0
        self._tokens = 0
        self.length = 0  # code points fed so far

    def feed(self, text: str) -> None:
        self._held.append(text)
        self._held_chars += len(text)
        self.length += len(text)
        if self._held_chars > SEGMENT_CHARS:
            self._take_segments()

    def total(self) -> int:
        """Tokens so far, the segment in hand included; feeding may go on."""
        return self._tokens + encoded_length("".join(self._held))

    def _take_segments(self) -> None:
        text = "".join(self._held)
        start = 0
        for end in borders(text):
            self._tokens += encoded_length(text[start:end])
            start = end
        rest = text[start:]
        self._held = [rest] if rest else []
        self._held_chars = len(rest)


def borders(text: str) -> Iterator[int]:
    """Where `text`, itself starting at a border, can be cut for certain."""
    start = 0
    while len(text) - start > SEGMENT_CHARS:
        end = border_after(text, start)
        if end is None:
            return
        yield end
        start = end


def border_after(text: str, start: int) -> int | None:
    limit = min(start + SEGMENT_LIMIT_CHARS, len(text))
    for position in range(start + SEGMENT_CHARS, limit):
        if text[position].isspace() and not text[position - 1].isspace():
            return position
    return limit if limit == start + SEGMENT_LIMIT_CHARS else None


def encoded_length(text: str) -> int:
    return len(encoding().encode_ordinary(text)) if text else 0


@cache
def encoding() -> tiktoken.Encoding:
    """The o200k_base encoding; building it takes some 0.3 s, so call it at start."""
    return tiktoken.Encoding(
        "o200k_base",
        pat_str=PATTERN,
        mergeable_ranks=vocabulary(),
        special_tokens={},
    )


def vocabulary() -> dict[bytes, int]:
    packed = resources.files("gateway.conversation.vocabulary")
    data = gzip.decompress((packed / "o200k_base.bin.gz").read_bytes())
    ranks: dict[bytes, int] = {}
    position = 0
    while position < len(data):
        end = position + 1 + data[position]
        ranks[data[position + 1 : end]] = len(ranks)
        position = end
    return ranks
