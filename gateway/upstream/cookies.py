"""The Cookie header: an account's login and Cloudflare's cookies, no others (2.2)."""

import re
from functools import lru_cache

CLOUDFLARE_NAMES = frozenset({"cf_clearance", "__cf_bm", "_cfuvid"})
CLOUDFLARE_PREFIX = "cf_chl_"
MAX_BYTES = 16 * 1024
PLAIN = re.compile(r"[A-Za-z0-9._~+/-]+")

DASHES = dict.fromkeys([*range(0x2010, 0x2015), 0x2212], "-")
SPACES = dict.fromkeys([0x00A0, 0x2007, 0x202F], " ")
QUOTES = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'}
NOTHING = dict.fromkeys([0x200B, 0x200C, 0x200D, 0xFEFF, *range(0x20), 0x7F])
CLEANING = {**DASHES, **SPACES, **QUOTES, **NOTHING}


def clean(text: str) -> str:
    """A header value: look-alikes mapped, control characters dropped, Latin-1."""
    cleaned = text.translate(CLEANING).strip()
    return cleaned.encode("latin-1", "ignore").decode("latin-1")


def clean_token(token: str) -> str:
    """The bare login, whatever was pasted with it."""
    if PLAIN.fullmatch(token):
        return token
    bare = "".join(token.translate(CLEANING).split()).removeprefix("sso=")
    return bare.partition(";")[0].encode("ascii", "ignore").decode("ascii")


@lru_cache(maxsize=64)
def cloudflare_cookies(cookies: str, clearance: str) -> str:
    """What is Cloudflare's in a cookie string, each once; `clearance` beats its own."""
    found: dict[str, str] = {}
    for pair in clean(cookies).split(";"):
        name, separator, value = pair.strip().partition("=")
        name = name.strip().lower()
        known = name in CLOUDFLARE_NAMES or name.startswith(CLOUDFLARE_PREFIX)
        if separator and known and value.strip():
            found.setdefault(name, value.strip())
    own = clean(clearance).partition(";")[0].removeprefix("cf_clearance=").strip()
    if own:
        found["cf_clearance"] = own
    text = "; ".join(f"{name}={value}" for name, value in found.items())
    return text if len(text) <= MAX_BYTES else ""


def cookie_header(token: str, cloudflare: str, user_id: str = "") -> bytes:
    """Empty without a login and a clearance."""
    bare = clean_token(token)
    login = f"sso={bare}; sso-rw={bare}" if bare else ""
    user = f"x-userid={user_id}" if user_id else ""
    return "; ".join(filter(None, (login, cloudflare, user))).encode("latin-1")
