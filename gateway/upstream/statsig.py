"""The `x-statsig-id` header: an encoded line of a made-up script error (2.5)."""

import random
import string
from base64 import b64encode

from gateway.upstream.limits import Settings

NULL_CHARS = string.ascii_lowercase + string.digits
NULL_LINE = "e:TypeError: Cannot read properties of null (reading 'children['{}']')"
UNDEFINED_LINE = "e:TypeError: Cannot read properties of undefined (reading '{}')"
FIXED = b64encode(UNDEFINED_LINE.format("childNodes").encode())

dice = random.Random()


def statsig_id(settings: Settings) -> bytes:
    """The operator's own value if set, else ours, new per request or constant."""
    chosen = settings.text("upstream.statsig_value")
    if chosen:
        return chosen.encode("latin-1", "ignore")
    if settings.flag("features.dynamic_statsig"):
        return dynamic_id(dice)
    return FIXED


def dynamic_id(source: random.Random) -> bytes:
    if source.random() < 0.5:
        line = NULL_LINE.format("".join(source.choices(NULL_CHARS, k=5)))
    else:
        letters = source.choices(string.ascii_lowercase, k=10)
        line = UNDEFINED_LINE.format("".join(letters))
    return b64encode(line.encode())
