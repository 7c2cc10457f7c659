"""Links to kept files: one resolver for every surface, and the optional signature."""

import ipaddress
import time

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import urlencode

from grokgateway import config
from media.models import Kind

PATHS = {Kind.IMAGE: "/v1/files/image", Kind.VIDEO: "/v1/files/video"}
LIFE_S = 7 * 24 * 3600
STEP_S = 3600  # links made within an hour are equal, so that browsers can cache
SALT = "media.links"


def base(host: str = "", scheme: str = "http") -> str:
    """The address links begin with: `app.app_url`, else the request's own host.

    Empty where neither can be relied on; then links are relative. `host` is the Host
    header, `scheme` what the client used.
    """
    app_url = config.current().text("app.app_url").rstrip("/")
    if app_url:
        return app_url.removesuffix("/v1").rstrip("/")
    return f"{scheme}://{host.lower()}" if is_own(host) else ""


def is_own(host: str) -> bool:
    """Whether a request for this host can be trusted to name this gateway."""
    domain, _port = split_domain_port(host)
    if not domain:
        return False
    if domain == "localhost" or validate_host(domain, settings.ALLOWED_HOSTS):
        return True
    try:
        ipaddress.ip_address(domain.strip("[]"))
    except ValueError:
        return False
    return True


def link(
    kind: Kind,
    public_id: str,
    base: str = "",
    now: float | None = None,
    *,
    signed: bool = False,
) -> str:
    """The address of a kept file; `base` comes from `base()`.

    `signed` makes it open while signatures are asked for, even from now on.
    """
    query = {"id": public_id}
    if signed or config.current().flag("cache.local.signed_links"):
        now = time.time() if now is None else now
        expires = (int(now) + LIFE_S) // STEP_S * STEP_S + STEP_S
        query["expires"] = str(expires)
        query["signature"] = signature(kind, public_id, expires)
    return f"{base}{PATHS[kind]}?{urlencode(query)}"


def signature(
    kind: Kind, public_id: str, expires: int, secret: str | bytes = ""
) -> str:
    text = f"{kind}:{public_id}:{expires}"
    key = secret or settings.SECRET_KEY
    return salted_hmac(SALT, text, secret=key, algorithm="sha256").hexdigest()


def seconds_left(
    kind: Kind, public_id: str, expires: str, signed: str, now: float | None = None
) -> int:
    """How long a signed link still works; 0 if it has ended or was not made here."""
    if not (expires.isascii() and expires.isdigit() and len(expires) < 12):
        return 0
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    made_here = any(
        constant_time_compare(signed, signature(kind, public_id, int(expires), key))
        for key in keys
    )
    left = int(expires) - int(time.time() if now is None else now)
    return max(0, left) if made_here else 0
