"""Stored form of values: plain JSON, or sealed by the cipher that settings name."""

import base64
import binascii
from collections.abc import Callable
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from grokgateway.config.registry import Key, Value
from grokgateway.config.values import BadValue, Plain, parse, plain

CIPHER = "grokgateway.crypto.ring"
UNDECIPHERABLE = "grokgateway.crypto.Undecipherable"
Stored = dict[str, Plain]


class Cipher(Protocol):
    def encrypt(self, plaintext: str, *, context: str) -> bytes: ...

    def decrypt(self, ciphertext: bytes, *, context: str) -> str: ...


def cipher() -> Cipher:
    source: Callable[[], Cipher] = import_string(
        getattr(settings, "CONFIG_CIPHER", CIPHER)
    )
    return source()


def undecipherable() -> type[Exception]:
    found: type[Exception] = import_string(
        getattr(settings, "CONFIG_UNDECIPHERABLE", UNDECIPHERABLE)
    )
    return found


def to_stored(key: Key, value: Value) -> Stored:
    if not key.sealed:
        return {"value": plain(value)}
    text = value if isinstance(value, str) else "\n".join(lines(value))
    sealed = cipher().encrypt(text, context=context(key))
    return {"sealed": base64.b64encode(sealed).decode("ascii")}


def from_stored(key: Key, stored: object) -> Value:
    """Return the value, or raise `BadValue` if it cannot be read or used any more."""
    if isinstance(stored, dict) and "sealed" in stored:
        return parse(key, unsealed(key, str(stored["sealed"])))
    if isinstance(stored, dict) and "value" in stored:
        return parse(key, stored["value"])
    raise BadValue("is not stored in a known form")


def unsealed(key: Key, text: str) -> Plain:
    try:
        sealed = base64.b64decode(text, validate=True)
        found = cipher().decrypt(sealed, context=context(key))
    except (binascii.Error, undecipherable()):
        raise BadValue("cannot be decrypted with the keys of this gateway") from None
    return found.split("\n") if isinstance(key.default, tuple) else found


def lines(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def context(key: Key) -> str:
    return context_of(key.name)


def context_of(name: str) -> str:
    return f"config:{name}"
