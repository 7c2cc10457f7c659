"""JSON values checked against the schemas of callers, with a known library.

Callers write schemas and models write values, so neither may cost much: nothing is
fetched, no regular expression of a caller is run, and the work of one check is limited.
A schema that cannot be used says yes to everything.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft7Validator, Draft202012Validator, validators
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.exceptions import Unresolvable

Json = Any  # any JSON value
Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]

SCHEMA_LIMIT_CHARS = 64 * 1024
STEPS_LIMIT = 10_000
UNIQUE_LIMIT = 1000
MESSAGE_LIMIT = 200
# These search with regular expressions of the schema.
NOT_CHECKED = (
    "pattern",
    "patternProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
)
UNUSABLE = (
    SchemaError,
    Unresolvable,
    RecursionError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


class TooMuchWork(ValueError):
    """The check has taken more steps than it is worth."""


class Budget:
    def __init__(self) -> None:
        self.steps = 0

    def counted(self, keyword: Keyword) -> Keyword:
        def check(
            validator: Json, value: Json, instance: Json, schema: Json
        ) -> Iterator[ValidationError] | None:
            self.steps += 1
            if self.steps > STEPS_LIMIT:
                raise TooMuchWork
            return keyword(validator, value, instance, schema)

        return check


class Checker:
    """A schema made ready once; `mismatch` is empty if a value fits."""

    def __init__(self, schema: Json) -> None:
        Draft7Validator.check_schema(schema)
        base = validators.validator_for(schema, default=Draft202012Validator)
        self._budget = Budget()
        keywords = own(base.VALIDATORS)
        counted = {name: self._budget.counted(check) for name, check in keywords}
        made = validators.extend(base, counted)  # type: ignore[no-untyped-call] # lacks
        self._validator: Validator = made(schema, registry=Registry())

    def mismatch(self, value: Json) -> str:
        self._budget.steps = 0
        try:
            error = best_match(self._validator.iter_errors(value))
        except UNUSABLE:
            return ""
        return told(error) if error is not None else ""


def mismatch(schema: str, value: Json) -> str:
    """What is wrong with a value in one line; empty if it fits the schema's JSON."""
    checker = checker_of(schema) if len(schema) <= SCHEMA_LIMIT_CHARS else None
    return checker.mismatch(value) if checker is not None else ""


@lru_cache(maxsize=256)
def checker_of(schema: str) -> Checker | None:
    try:
        return Checker(json.loads(schema))
    except UNUSABLE:
        return None


def own(keywords: Mapping[str, Keyword]) -> Iterator[tuple[str, Keyword]]:
    for name, check in keywords.items():
        if name in NOT_CHECKED:
            yield name, unchecked
        elif name == "additionalProperties":
            yield name, unless_patterned(check)
        elif name == "uniqueItems":
            yield name, unless_long(check)
        else:
            yield name, check


def unchecked(_validator: Json, _value: Json, _instance: Json, _schema: Json) -> None:
    return None


def unless_patterned(check: Keyword) -> Keyword:
    def checked(
        validator: Json, value: Json, instance: Json, schema: Json
    ) -> Iterator[ValidationError] | None:
        if "patternProperties" in schema:
            return None
        return check(validator, value, instance, schema)

    return checked


def unless_long(check: Keyword) -> Keyword:
    def checked(
        validator: Json, value: Json, instance: Json, schema: Json
    ) -> Iterator[ValidationError] | None:
        if isinstance(instance, list) and len(instance) > UNIQUE_LIMIT:
            return None
        return check(validator, value, instance, schema)

    return checked


def told(error: ValidationError) -> str:
    path = ".".join(map(str, error.absolute_path))
    text = " ".join(error.message.split())
    if len(text) > MESSAGE_LIMIT:
        text = f"{text[:MESSAGE_LIMIT]}..."
    return f"at {path}: {text}" if path else text
