"""Answers in JSON: what the model is told, and its JSON found in what it says (3.6)."""

import json
import re
from typing import Any

from gateway.conversation import schemas
from gateway.conversation.brackets import Brackets
from gateway.conversation.requests import Format

Json = Any  # any JSON value

ALONE = "and nothing else: no code fence, no words before or after it."
OBJECT = f"Your final answer must be one JSON object {ALONE}"
FITTING = f"Your final answer must be JSON that fits the schema below {ALONE}"
CORRECTION = (
    "A first attempt at this answer was refused: {problem}. Answer again with the JSON "
    "alone."
)
OBJECT_SCHEMA = {"type": "object"}
NO_JSON = "it held no valid JSON"
NO_OBJECT = "it was not a JSON object"

GAP_LIMIT = 64
# A bracket in a sentence is not followed by what follows one in JSON.
OBJECT_START = re.compile(rf'\{{\s{{0,{GAP_LIMIT}}}["}}]|\[\s{{0,{GAP_LIMIT}}}\{{')
ANY_START = re.compile(
    rf'\{{\s{{0,{GAP_LIMIT}}}["}}]|\[\s{{0,{GAP_LIMIT}}}[\[{{"\]\-0-9]'
)
BEGUN = re.compile(rf"[\[{{]\s{{0,{GAP_LIMIT}}}\Z")
FENCE = "```"
STARTS_LIMIT = 64  # places where JSON is looked for


def instructions(wanted: Format) -> str:
    """The text after `[system]: `."""
    if not wanted.schema:
        return OBJECT
    name = f" {wanted.name}" if wanted.name else ""
    return f"{FITTING}\nSchema{name}: {wanted.schema}"


class JsonSieve:
    """A text filter that lets through one JSON value without fences or words around it.

    With `hold`, everything is held until `close`, where it is parsed and, for a strict
    schema, checked: `correction` is then the line to ask again with, empty if all is
    well. Without `hold`, text is passed from the first bracket on, and `done` is set
    after the closing one. A text without JSON is given out as it is at the end.
    """

    def __init__(self, wanted: Format, *, hold: bool) -> None:
        self._wanted = wanted
        self._hold = hold
        self._start = start_of(wanted)
        self._before: list[str] = []
        self._begun = ""  # the end of that, where it may be JSON's first bracket
        self._value: Brackets | None = None
        self.correction = ""
        self.done = False

    def feed(self, text: str) -> str:
        if self.done:
            return ""
        if self._hold:
            self._before.append(text)
            return ""
        if self._value is None:
            text = self._from_start(self._begun + text)
        return self._to_end(self._value, text) if self._value is not None else ""

    def close(self) -> str:
        text = "".join(self._before) + self._begun
        self._before, self._begun = [], ""
        return self._checked(text) if self._hold else text

    def _from_start(self, text: str) -> str:
        start = self._start.search(text)
        if start is not None:
            self._value = Brackets()
            self._before, self._begun = [], ""
            return text[start.start() :]
        begun = BEGUN.search(text, max(0, len(text) - GAP_LIMIT - 1))
        keep = begun.start() if begun is not None else len(text)
        self._before.append(text[:keep])
        self._begun = text[keep:]
        return ""

    def _to_end(self, value: Brackets, text: str) -> str:
        end = value.feed(text)
        if end < 0:
            return text
        self.done = True
        return text[:end]

    def _checked(self, text: str) -> str:
        try:
            found, value = found_in(text, self._start)
        except ValueError:
            self.correction = CORRECTION.format(problem=NO_JSON)
            return text
        problem = self._problem(value)
        if problem:
            self.correction = CORRECTION.format(problem=problem)
        return found

    def _problem(self, value: Json) -> str:
        if not self._wanted.schema:
            return "" if isinstance(value, dict) else NO_OBJECT
        wrong = (
            schemas.mismatch(self._wanted.schema, value) if self._wanted.strict else ""
        )
        return f"it does not fit the schema: {wrong}" if wrong else ""


def start_of(wanted: Format) -> re.Pattern[str]:
    """What JSON of this kind begins with, as opposed to a bracket in a sentence."""
    schema = json.loads(wanted.schema) if wanted.schema else OBJECT_SCHEMA
    is_object = isinstance(schema, dict) and schema.get("type") == "object"
    return OBJECT_START if is_object else ANY_START


def found_in(text: str, start: re.Pattern[str]) -> tuple[str, Json]:
    """The first JSON value in a text, as it is written and as it is meant.

    Raises ValueError if there is none.
    """
    whole = text.strip()
    decoder = json.JSONDecoder(parse_constant=refuse)
    for candidate in (whole, unfenced(whole)):
        value, end = decoded(decoder, candidate, 0)
        if end == len(candidate) > 0:
            return candidate, value
    places = start.finditer(whole)
    for place, _ in zip(places, range(STARTS_LIMIT), strict=False):
        value, end = decoded(decoder, whole, place.start())
        if end:
            return whole[place.start() : end], value
    raise ValueError(NO_JSON)


def unfenced(text: str) -> str:
    """What stands in a code fence around all of a text; empty if there is none."""
    if not text.startswith(FENCE):
        return ""
    return text.partition("\n")[2].removesuffix(FENCE).strip()


def decoded(decoder: json.JSONDecoder, text: str, at: int) -> tuple[Json, int]:
    """The value that begins here and its end, 0 if there is none."""
    try:
        return decoder.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, 0


def refuse(constant: str) -> Json:
    raise ValueError(constant)
