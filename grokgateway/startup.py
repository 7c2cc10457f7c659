"""What the composition root joins at start: leaves that may not know one another."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from accounts import store
from gateway.exits import store as exits
from gateway.keys import store as keys
from grokgateway import config, logs, redaction

STRONG_CHARS = 12


def encrypted_rows_exist() -> bool:
    """Whether anything stored would be lost with the credential keys."""
    return (
        store.encrypted_rows_exist()
        or config.sealed_rows_exist()
        or keys.rows_exist()
        or exits.rows_exist()
    )


def follow(snapshot: config.Snapshot) -> None:
    """Apply the keys that act at once: log levels, and secrets to keep out of logs."""
    logs.apply(
        snapshot.text("logging.file_level"), snapshot.number("logging.max_files")
    )
    for secret in (*secrets_of(snapshot), *secrets_of_start()):
        redaction.protect(secret)


def secrets_of(snapshot: config.Snapshot) -> Iterator[str]:
    """Of the settings: secrets and what they are made of, passwords of addresses."""
    for name, key in config.KEYS.items():
        if not key.sealed or snapshot.source(name) == config.Source.DEFAULT:
            continue
        value = snapshot.stored(name)
        for text in value if isinstance(value, tuple) else (str(value),):
            yield urlsplit(text).password or "" if key.credentials else text
            yield from parts_of(text) if key.secret else ()


def parts_of(text: str) -> Iterator[str]:
    """Of an address what is long enough to be a key; of cookies their values."""
    if "://" in text:
        found = urlsplit(text)
        parts = re.split(r"[/?&=]", f"{found.path}?{found.query}")
        yield from (one for one in parts if len(one) >= STRONG_CHARS)
    else:
        yield from re.findall(r"=\s*([^;\s]+)", text)


def secrets_of_start() -> Iterator[str]:
    """Of the start-up variables; a short one may be a word that stands anywhere."""
    known = settings.DATABASES["default"].get("PASSWORD")
    for secret in (settings.SECRET_KEY, settings.EMAIL_HOST_PASSWORD, known):
        if len(str(secret or "")) >= STRONG_CHARS:
            yield str(secret)
