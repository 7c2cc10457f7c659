"""Whether and which tool must be called, in the words of every dialect."""

from dataclasses import dataclass

from gateway.conversation.requests import ToolChoice
from gateway.protocols import fields
from gateway.protocols.fields import RawJson
from gateway.protocols.tool_entries import (
    BUILT_IN,
    SEARCH,
    Entries,
    full_name,
    unwrapped,
)

PATH = "tool_choice"
MODES = {
    "auto": ToolChoice.AUTO,
    "none": ToolChoice.NONE,
    "required": ToolChoice.REQUIRED,
    "any": ToolChoice.REQUIRED,
}
NAMING = {"function", "custom", "tool"}


@dataclass(frozen=True, slots=True)
class Choice:
    """`allowed` restricts the offered names, None does not; `search` demands one."""

    mode: ToolChoice = ToolChoice.AUTO
    only: str = ""
    allowed: frozenset[str] | None = None
    search: bool = False


def read_choice(value: RawJson, entries: Entries) -> Choice:
    if value is None:
        return Choice()
    if isinstance(value, str):
        return moded(value, PATH, entries)
    choice = fields.record(value, PATH)
    kind = choice.get("type")
    if kind is None and "name" not in choice and "function" not in choice:
        raise fields.missing(f"{PATH}.type", "is required")
    kind = "function" if kind is None else fields.text(kind, f"{PATH}.type")
    if kind in MODES:
        return moded(kind, f"{PATH}.type", entries)
    if kind == "allowed_tools":
        return restricted(choice, entries)
    if kind in NAMING:
        return named(choice, kind, entries)
    return typed(kind, entries)


def moded(word: str, path: str, entries: Entries) -> Choice:
    mode = MODES.get(word)
    if mode is None:
        told = "must be one of auto, none, required, or name a tool"
        raise fields.invalid(path, told)
    if mode is ToolChoice.REQUIRED and not (entries.offered or entries.others):
        raise fields.invalid(PATH, "demands a call, but there are no tools")
    return Choice(mode)


def named(choice: dict[str, RawJson], kind: str, entries: Entries) -> Choice:
    """One tool is demanded, by name; one that is not put before the model cannot be."""
    inner, path = unwrapped(choice, kind, PATH)
    name = fields.text_member(inner, "name", path).strip()
    found = offered_name(inner, name, entries)
    if found:
        return Choice(ToolChoice.REQUIRED, only=found, allowed=None)
    if name in entries.others:
        return Choice(search=entries.others[name].startswith(SEARCH))
    raise fields.invalid(PATH, f"names '{name:.128}', which is not among the tools")


def typed(kind: str, entries: Entries) -> Choice:
    """A tool that is not the caller's own, named by its type."""
    if kind in entries.others or kind.startswith(BUILT_IN):
        return Choice(search=kind.startswith(SEARCH) and entries.search)
    raise fields.invalid(f"{PATH}.type", "is not a type of choice that is known here")


def restricted(choice: dict[str, RawJson], entries: Entries) -> Choice:
    """Only some of the tools count; the member holding them may be nested or not."""
    inner, path = unwrapped(choice, "allowed_tools", PATH)
    mode = fields.optional_text(inner, "mode", path) or "auto"
    if mode not in {"auto", "required"}:
        raise fields.invalid(f"{path}.mode", "must be auto or required")
    listed = inner.get("tools")
    if listed is None:
        raise fields.missing(f"{path}.tools", "is required")
    allowed: set[str] = set()
    others = False
    for index, value in enumerate(fields.items(listed, f"{path}.tools")):
        names = allowed_names(value, f"{path}.tools.{index}", entries)
        allowed |= names
        others = others or not names
    if mode == "required" and not (allowed or others):
        raise fields.invalid(PATH, "demands a call, but allows no tool")
    return Choice(MODES[mode], allowed=frozenset(allowed))


def allowed_names(value: RawJson, path: str, entries: Entries) -> set[str]:
    """The offered tools that one entry stands for; none of the caller's own: empty."""
    entry = fields.record(value, path)
    kind = fields.optional_text(entry, "type", path) or "function"
    if kind == "namespace":
        space = fields.text_member(entry, "name", path).strip()
        found = {n for n, tool in entries.offered.items() if tool.namespace == space}
        if found:
            return found
        raise fields.invalid(f"{path}.name", f"there are no tools of '{space:.128}'")
    if kind not in NAMING:
        return set()
    inner, path = unwrapped(entry, kind, path)
    name = fields.text_member(inner, "name", path).strip()
    offered = offered_name(inner, name, entries)
    if offered:
        return {offered}
    if name in entries.others:
        return set()
    raise fields.invalid(f"{path}.name", f"'{name:.128}' is not among the tools")


def offered_name(choice: dict[str, RawJson], name: str, entries: Entries) -> str:
    """The name as offered, for one given with its namespace or in front of it."""
    namespace = choice.get("namespace")
    if isinstance(namespace, str):
        name = full_name(namespace.strip(), name)
    return name if name in entries.offered else ""
