"""Cookies and a user agent that an operator gives to one node (clearance mode manual).

Only Cloudflare's cookies are taken; they are kept sealed and shown nowhere.
"""

import logging
import zlib

from django.utils.translation import gettext_noop as _

from gateway.egress.bundles import Bundle
from gateway.egress_tables import EgressNode
from gateway.upstream.cookies import MAX_BYTES, clean, cloudflare_cookies
from grokgateway import crypto

logger = logging.getLogger(__name__)

AGENT_CHARS = 400
LOGINS = frozenset({"sso", "sso-rw"})


class BadCookies(ValueError):
    """The message says what is wrong, and holds nothing of the cookies."""


def read(text: str) -> str:
    """What is Cloudflare's in a cookie header, or of a bare value of `cf_clearance`."""
    given = text.strip()
    if len(given.encode("utf-8", "replace")) > MAX_BYTES:
        raise BadCookies(_("are longer than 16 KiB"))
    if not given.isprintable():
        raise BadCookies(_("must not hold line breaks or control characters"))
    names = {pair.partition("=")[0].strip().lower() for pair in given.split(";")}
    if names & LOGINS:
        raise BadCookies(_("hold the login of an account, which does not belong here"))
    found = cloudflare_cookies(given, "")
    if not found:
        raise BadCookies(_("hold none of Cloudflare's, such as cf_clearance=..."))
    return found


def read_agent(text: str) -> str:
    agent = clean(text)
    if not text.isprintable() or len(agent) > AGENT_CHARS:
        raise BadCookies(_("go with a user agent of 400 printable characters at most"))
    return agent


def give(row: EgressNode, cookies: str) -> None:
    """Cookies as `read` returns them, or none; the row has its name already."""
    sealed = crypto.ring().encrypt(cookies, context=context(row.name))
    row.manual_ciphertext = sealed if cookies else None


def context(name: str) -> str:
    return f"manual:{name}"


def bundle_of(row: EgressNode) -> Bundle | None:
    """None where the node has nothing of its own."""
    if row.manual_ciphertext is None and not row.user_agent:
        return None
    cookies = ""
    if row.manual_ciphertext is not None:
        sealed = bytes(row.manual_ciphertext)
        try:
            cookies = crypto.ring().decrypt(sealed, context=context(row.name))
        except crypto.Undecipherable:
            logger.warning("The cookies of node %s cannot be read.", row.name)
    version = zlib.crc32(cookies.encode())
    key = context(row.name)
    return Bundle(key, version, cookies, row.user_agent, manual=True)
