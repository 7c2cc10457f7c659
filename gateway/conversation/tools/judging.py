"""Which of the calls a model wrote are good ones (public-api 7.3, 7.4)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.conversation import schemas
from gateway.conversation.events import ToolCall
from gateway.conversation.requests import Tool, Tools
from gateway.conversation.tools.arguments import Json, Unreadable, compact, object_of
from gateway.conversation.tools.reading import Written

NAME_LIMIT = 128
FREE_TEXT_KEY = "input"


class Refused(Exception):
    """A call is not good; `told` says why to the model, `kind` to the log."""

    def __init__(self, kind: str, told: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.told = told


@dataclass(frozen=True, slots=True)
class Verdict:
    """The good calls in order; what was wrong with the first bad one, and with all.

    `left_out` is fit for a log: it quotes nothing of what the model wrote.
    """

    calls: tuple[ToolCall, ...] = ()
    problem: str = ""
    left_out: tuple[str, ...] = ()


class Judge:
    """Knows the tools of one request."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._exact = {tool.name: tool for tool in tools.offered}
        self._folded: dict[str, Tool | None] = {}
        for tool in tools.offered:
            name = tool.name.lower()
            self._folded[name] = None if name in self._folded else tool

    def verdict(self, written: Sequence[Written]) -> Verdict:
        """Calls in the form that was asked for win over all others."""
        asked, other = Findings(), Findings()
        for one in written:
            findings = asked if one.asked_form else other
            try:
                findings.calls.append(self._call(one))
            except Refused as refusal:
                findings.refusals.append(refusal)
        calls = asked.calls or other.calls
        refusals = [*asked.refusals, *other.refusals]
        return Verdict(
            tuple(calls if self._tools.parallel else calls[:1]),
            refusals[0].told if refusals else "",
            tuple(refusal.kind for refusal in refusals),
        )

    def declared(self, written: Sequence[Written]) -> bool:
        """All of them name tools that are on offer."""
        return all(self._find(one.name) is not None for one in written)

    def _find(self, name: str) -> Tool | None:
        return self._exact.get(name) or self._folded.get(name.lower())

    def _call(self, written: Written) -> ToolCall:
        tool = self._find(written.name)
        if tool is None:
            raise Refused("unknown name", unknown(written.name))
        if self._tools.only not in {"", tool.name}:
            told = f"only {self._tools.only} may be called now"
            raise Refused("not the demanded tool", told)
        name = tool.name
        if tool.namespace:
            name = name.removeprefix(f"{tool.namespace}__")
        return ToolCall(name, arguments_for(tool, written), tool.custom, tool.namespace)


class Findings:
    def __init__(self) -> None:
        self.calls: list[ToolCall] = []
        self.refusals: list[Refused] = []


def unknown(name: str) -> str:
    if not name:
        return "a call had no tool name"
    shown = " ".join(name.split())[:NAME_LIMIT]
    return f"there is no tool named {shown}, only those listed may be called"


def arguments_for(tool: Tool, written: Written) -> str:
    """Compact JSON that fits the schema, or the free text of a custom tool.

    JSON proves that it is whole by being JSON; of other text half must not pass.
    """
    if written.cut and (written.members or free_text(written) is not None):
        raise Refused("cut off", f"the parameters for {tool.name} have no end")
    if tool.custom:
        text = free_text(written)
        if text is not None:
            return text
    try:
        value = given(tool, written)
        arguments = compact(value)
    except Unreadable as exc:
        told = f"the parameters for {tool.name} {exc}"
        raise Refused("arguments unreadable", told) from exc
    wrong = schemas.mismatch(tool.schema, value)
    if wrong:
        told = f"the parameters for {tool.name} do not fit its schema: {wrong}"
        raise Refused("arguments do not fit", told)
    return str(value[FREE_TEXT_KEY]) if tool.custom else arguments


def free_text(written: Written) -> str | None:
    """Text given as it is in place of the JSON it was asked to be in."""
    text = written.arguments.strip("\r\n")
    is_json = not text.strip() or text.lstrip()[:1] in {"{", '"'}
    return None if written.members or is_json else text


def given(tool: Tool, written: Written) -> dict[str, Json]:
    if not written.members:
        return object_of(written.arguments)
    kinds = property_types(tool.schema)
    return {
        name: member(text, kinds.get(name, frozenset()))
        for name, text in written.members.items()
    }


def property_types(schema: str) -> dict[str, frozenset[str]]:
    """The types each property of an object may have, where they are plainly said."""
    properties = json.loads(schema).get("properties")
    if not isinstance(properties, dict):
        return {}
    return {name: types_of(one) for name, one in properties.items()}


def types_of(schema: Json) -> frozenset[str]:
    kinds = schema.get("type") if isinstance(schema, dict) else None
    if isinstance(kinds, str):
        return frozenset({kinds})
    if isinstance(kinds, list):
        return frozenset(kind for kind in kinds if isinstance(kind, str))
    return frozenset()


def member(text: str, types: frozenset[str]) -> Json:
    """A member's text is a string where one is wanted, else whatever JSON it is."""
    plain = text.removeprefix("\r").removeprefix("\n")
    plain = plain.removesuffix("\n").removesuffix("\r")
    if "string" in types and not (plain == "null" and "null" in types):
        return plain
    try:
        return json.loads(plain.strip())
    except (ValueError, RecursionError):
        return plain
