"""Ids of responses and their items: an item's id tells which response it belongs to.

So a reference to an item finds its response, a stream and a whole reply name items
alike, and nothing about ids has to be remembered.
"""

import hashlib
import re
import secrets

TOKEN_BYTES = 16
ITEM = re.compile(r"[a-z]+_([0-9a-f]{32})[0-9a-f]{4,}\Z")
RESPONSE = re.compile(r"resp_[0-9a-f]{32}\Z")
INPUT_ORDINALS = 0x8000  # input items are numbered from here, output items from 0


def new_response_id() -> str:
    return "resp_" + secrets.token_hex(TOKEN_BYTES)


def is_response_id(text: str) -> bool:
    return RESPONSE.match(text) is not None


def item_id(prefix: str, response_id: str, ordinal: int) -> str:
    return f"{prefix}_{response_id.removeprefix('resp_')}{ordinal:04x}"


def call_id(response_id: str, ordinal: int) -> str:
    digest = hashlib.blake2b(f"{response_id}/{ordinal}".encode(), digest_size=12)
    return "call_" + digest.hexdigest()


def response_of(item_id: str) -> str:
    """The id of the response an item belongs to; empty for an item made elsewhere."""
    found = ITEM.match(item_id)
    return f"resp_{found[1]}" if found else ""
