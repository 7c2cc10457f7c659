"""How a key is made, found and recognised; the clear text is kept nowhere."""

import re
import secrets

from grokgateway import crypto

SECRET_BYTES = 32
FORM = re.compile(r"gk-[A-Za-z0-9_-]{43}\Z")
OWNER_CHARS = 24


def new_key() -> str:
    return "gk-" + secrets.token_urlsafe(SECRET_BYTES)


def hashed(key: str) -> str:
    """What a key is found by; nothing leads back from it to the key."""
    return crypto.ring().fingerprint(key, purpose="api key")


def owner(key: str) -> str:
    """The public mark of whoever holds `key`: it owns stored objects."""
    mark = crypto.ring().fingerprint(key, purpose="api key owner")
    return "key_" + mark[:OWNER_CHARS]


def masked(key: str) -> str:
    return crypto.mask(key)
