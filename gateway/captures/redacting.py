"""A tape without secrets, or without words: what remains goes the same way.

Both sides of a comparison are covered alike: what upstream said, and what the caller
declared (stop texts, tools, schemas), so that the one still fits the other.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gateway.captures.covering import Cover
from gateway.captures.wire import rewrite
from gateway.conversation.requests import Format, Tool
from gateway.conversation.shaping import Shape
from gateway.egress import home
from gateway.protocols import sse
from gateway.tape import Asked, Ended, Failed, Heard, Recipe, Shown, Step, Tape
from grokgateway import config, redaction

Json = Any  # any JSON value of a caller

NAMED = frozenset(("properties", "$defs", "definitions", "dependentSchemas"))
LEFT_OUT = frozenset(
    {
        *("title", "description", "examples", "default", "$comment", "$id", "format"),
        *("pattern", "patternProperties", "minimum", "maximum", "multipleOf"),
        *("exclusiveMinimum", "exclusiveMaximum", "contentMediaType"),
    }
)
VALUES = frozenset(("enum", "const", "required"))
SCHEMA_KEYS = frozenset(("parameters", "schema", "input_schema"))
PLAIN_KEYS = frozenset(
    {
        *("type", "role", "effort", "summary", "truncation", "verbosity", "mode"),
        *("search_context_size", "syntax", "tool_choice"),
    }
)
COOKIE_KEYS = ("proxy.clearance.cf_cookies", "proxy.clearance.cf_clearance")
PROMPT_KEYS = frozenset(("instructions", "user", "description"))
DIGIT = re.compile(r"\d")


def cover_of(tape: Tape) -> Cover:
    shape = tape.shape
    words = not tape.keep_words
    names = set(names_of(shape)) if words else set()
    stops = [stop for stop in shape.stop if stop.strip()] if words else []
    hidden, redactor = {*tape.secrets, *of_ways_out()}, redaction.current()
    return Cover(hidden, redactor, words=words, names=names, phrases=stops)


def of_ways_out() -> Iterator[str]:
    """Passwords of proxies, and the values of clearance cookies, wherever from."""
    here, settings = home.current(), config.current()
    for node in {*here.rows.nodes, *home.configured(settings)}:
        if node.proxy is not None:
            yield node.proxy.password or node.proxy.username
    bundles = (*here.rows.bundles.values(), *here.rows.manual.values())
    jars = [settings.text(key) for key in COOKIE_KEYS]
    for cookies in (*jars, *(bundle.cookies for bundle in bundles)):
        for cookie in cookies.split(";"):
            name, mark, value = cookie.partition("=")
            yield (value if mark else name).strip()


def redacted(tape: Tape, cover: Cover) -> Tape:
    """Another tape; the bytes that were sent have to be made anew."""
    assert tape.recipe is not None  # noqa: S101 - others are never kept
    return Tape(
        keep_words=tape.keep_words,
        recipe=recipe_of(tape.recipe, cover),
        shape=shape_of(tape.shape, cover),
        steps=list(steps_of(tape.steps, cover)),
        completed_at=tape.completed_at,
        odd=tape.odd,
        cut=tape.cut,
    )


def names_of(shape: Shape) -> Iterator[str]:
    for tool in shape.tools.offered:
        yield from (tool.name, tool.namespace)
        yield from names_in(parsed(tool.schema))
    if shape.format is not None and shape.format.schema:
        yield from names_in(parsed(shape.format.schema))


def names_in(schema: Json) -> Iterator[str]:
    """Of properties, and the values a schema names."""
    if isinstance(schema, list):
        for one in schema:
            yield from names_in(one)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key in NAMED and isinstance(value, dict):
                yield from value
            if key in VALUES:
                yield from strings_in(value)
            else:
                yield from names_in(value)


def strings_in(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from strings_in(one)


def parsed(schema: str) -> Json:
    try:
        return json.loads(schema)
    except (ValueError, RecursionError):
        return None


def recipe_of(recipe: Recipe, cover: Cover) -> Recipe:
    told = echoed(dict(recipe.echo), cover)
    return replace(recipe, model=cover.secret(recipe.model), echo=told)


def shape_of(shape: Shape, cover: Cover) -> Shape:
    tools = tuple(tool_of(tool, cover) for tool in shape.tools.offered)
    only = cover.term(shape.tools.only)
    return replace(
        shape,
        stop=tuple(map(cover.term, shape.stop)),
        prefill=cover.text(shape.prefill),
        tools=replace(shape.tools, offered=tools, only=only),
        format=shape.format and format_of(shape.format, cover),
    )


def tool_of(tool: Tool, cover: Cover) -> Tool:
    schema = schema_text(tool.schema, cover)
    if not cover.words:
        return replace(tool, description="", schema=schema)
    name, space = cover.name(tool.name), cover.name(tool.namespace)
    return replace(tool, name=name, namespace=space, description="", schema=schema)


def format_of(wanted: Format, cover: Cover) -> Format:
    schema = schema_text(wanted.schema, cover) if wanted.schema else ""
    return replace(wanted, schema=schema, name=cover.term(wanted.name))


def schema_text(schema: str, cover: Cover) -> str:
    return sse.dumps(schema_of(parsed(schema), cover)).decode()


def schema_of(schema: Json, cover: Cover) -> Json:
    if isinstance(schema, list):
        return [schema_of(one, cover) for one in schema]
    if not isinstance(schema, dict):
        return cover.secret(schema) if isinstance(schema, str) else schema
    return dict(keywords(schema, cover))


def keywords(schema: Mapping[str, Json], cover: Cover) -> Iterator[tuple[str, Json]]:
    for key, value in schema.items():
        if key in LEFT_OUT:
            continue
        if key in NAMED and isinstance(value, dict):
            told = {
                cover.term(name): schema_of(one, cover) for name, one in value.items()
            }
            yield key, told
        elif key in VALUES:
            yield key, valued(value, cover)
        elif key == "$ref" and isinstance(value, str):
            yield key, reference(value, cover)
        else:
            yield key, schema_of(value, cover)


def valued(value: Json, cover: Cover) -> Json:
    """Values that an answer is compared with, as they are covered there."""
    if isinstance(value, list):
        return [valued(one, cover) for one in value]
    if isinstance(value, str):
        return cover.term(value)
    if isinstance(value, dict):
        return {}
    if isinstance(value, bool) or not cover.words:
        return value
    return json.loads(DIGIT.sub("1", json.dumps(value)))


def reference(path: str, cover: Cover) -> str:
    kept = NAMED | {"#", "items"}
    parts = path.split("/")
    return "/".join(one if one in kept else cover.term(one) for one in parts)


def echoed(value: Json, cover: Cover, key: str = "") -> Json:
    """What a responses object repeats of its request."""
    if isinstance(value, list):
        return [echoed(one, cover, key) for one in value]
    if isinstance(value, dict):
        return echoed_object(value, cover, key)
    if not isinstance(value, str):
        return value
    if key in PROMPT_KEYS:
        return cover.hidden(value)
    return cover.secret(value) if key in PLAIN_KEYS else cover.text(value)


def echoed_object(value: Mapping[str, Json], cover: Cover, key: str) -> Json:
    if key in SCHEMA_KEYS:
        return schema_of(value, cover)
    if key == "metadata":
        return {
            cover.hidden(name): cover.hidden(str(one)) for name, one in value.items()
        }
    return {cover.secret(name): echoed(one, cover, name) for name, one in value.items()}


def steps_of(steps: Iterable[Step], cover: Cover) -> Iterator[Step]:
    """What was heard in one call is covered as a whole, and cut again as it was."""
    heard = iter(covered_calls(steps, cover))
    for step in steps:
        match step:
            case Asked():
                yield replace(step, assets_url=cover.secret(step.assets_url))
            case Heard():
                yield Heard(next(heard))
            case Failed():
                yield failed(step, cover)
            case Shown():
                yield Shown(tuple(map(cover.text, step.pictures)))
            case Ended():
                param = step.param and cover.secret(step.param)
                yield replace(step, message=cover.secret(step.message), param=param)
            case _:
                yield step


def covered_calls(steps: Iterable[Step], cover: Cover) -> Iterator[bytes]:
    form, pieces = "rest", list[bytes]()
    for step in steps:
        if isinstance(step, Asked):
            yield from rewrite(cover, pieces, lines=form == "rest")
            form, pieces = step.form, []
        elif isinstance(step, Heard):
            pieces.append(step.data)
    yield from rewrite(cover, pieces, lines=form == "rest")


def failed(step: Failed, cover: Cover) -> Failed:
    (body,) = rewrite(cover, [step.body], lines=True) if step.body else (b"",)
    headers = tuple((name, cover.secret(told)) for name, told in step.headers)
    return replace(step, body=body, headers=headers)
