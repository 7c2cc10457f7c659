"""Headers of one upstream call for one account (2.2 to 2.4, 2.8)."""

from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import uuid4

from gateway.egress.bundles import Bundle
from gateway.egress.nodes import Scope
from gateway.upstream.client_hints import client_hints
from gateway.upstream.cookies import clean, cloudflare_cookies
from gateway.upstream.limits import Settings
from gateway.upstream.statsig import statsig_id

Header = tuple[bytes, bytes]

ACCEPT_LANGUAGE = "zh-CN,zh;q=0.9,en;q=0.8"


@dataclass(frozen=True, slots=True)
class Login:
    """One account's credential; `user_id` may be empty.

    `node` is the way out that the account is pinned to, if it is.
    """

    token: str
    user_id: str = ""
    node: str = ""

    def __repr__(self) -> str:
        return "Login(...)"


@dataclass(frozen=True, slots=True)
class Signed:
    """Headers of a call and the login that goes with them, still apart.

    `user_id` is told by a cookie of its own where it is set; `hints` says whether the
    call has those of the browser. Only a target among upstream's hosts puts them
    together (see `channel`).
    """

    plain: tuple[Header, ...]
    login: Login
    cloudflare: str
    scope: Scope = Scope.CHAT
    user_id: str = ""
    hints: bool = True

    def __repr__(self) -> str:
        return "Signed(...)"


@dataclass(frozen=True, slots=True)
class Profile:
    """The browser we are to upstream."""

    user_agent: str
    browser: str
    cloudflare: str


def profile(settings: Settings) -> Profile:
    return Profile(
        settings.text("proxy.clearance.user_agent"),
        settings.text("proxy.clearance.browser"),
        cloudflare_cookies(
            settings.text("proxy.clearance.cf_cookies"),
            settings.text("proxy.clearance.cf_clearance"),
        ),
    )


def json_headers(
    login: Login, settings: Settings, page: str = "/", request_id: str | None = None
) -> Signed:
    """For a JSON or streaming POST to the base host from its page `page`."""
    base = settings.text("upstream.base_url").rstrip("/")
    return signed_for(login, settings, base, base + page, request_id)


def signed_for(
    login: Login,
    settings: Settings,
    origin: str,
    referer: str,
    request_id: str | None = None,
) -> Signed:
    """For a POST to one of upstream's hosts from a page of it."""
    browser = profile(settings)
    constant = constant_headers(origin, referer, browser.user_agent, browser.browser)
    own = (
        (b"x-statsig-id", statsig_id(settings)),
        (b"x-xai-request-id", (request_id or str(uuid4())).encode("ascii")),
    )
    return Signed((*constant, *own), login, browser.cloudflare)


@lru_cache(maxsize=128)
def constant_headers(
    origin: str, referer: str, user_agent: str, browser: str
) -> tuple[Header, ...]:
    agent = clean(user_agent)
    same = urlsplit(origin).hostname == urlsplit(referer).hostname
    named = [
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Accept-Language", ACCEPT_LANGUAGE),
        ("Content-Type", "application/json"),
        ("Origin", clean(origin)),
        ("Referer", clean(referer)),
        ("Priority", "u=1, i"),
        ("Sec-Fetch-Dest", "empty"),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Site", "same-origin" if same else "same-site"),
    ]
    plain = tuple((name.encode(), value.encode("latin-1")) for name, value in named)
    return plain + browser_headers(agent, browser)


@lru_cache(maxsize=128)
def browser_headers(agent: str, browser: str) -> tuple[Header, ...]:
    named = [("User-Agent", agent), *client_hints(agent, browser)]
    return tuple((name.encode(), value.encode("latin-1")) for name, value in named)


def dressed(signed: Signed, bundle: Bundle, settings: Settings) -> Signed:
    """As the browser that the clearance was given to, which upstream checks."""
    if bundle.manual:
        signed = replace(signed, cloudflare=cloudflare_cookies(bundle.cookies, ""))
    if not bundle.user_agent:
        return signed
    browser = settings.text("proxy.clearance.browser")
    own = browser_headers(clean(bundle.user_agent), browser)
    if not signed.hints:
        own = tuple(pair for pair in own if not is_hint(pair[0]))
    kept = [pair for pair in signed.plain if not of_browser(pair[0])]
    place = next(
        (at for at, pair in enumerate(signed.plain) if of_browser(pair[0])), len(kept)
    )
    plain = (*kept[:place], *own, *kept[place:])
    cookies = cloudflare_cookies(bundle.cookies, "") or signed.cloudflare
    return replace(signed, plain=plain, cloudflare=cookies)


def of_browser(name: bytes) -> bool:
    return name.lower() == b"user-agent" or is_hint(name)


def is_hint(name: bytes) -> bool:
    return name.lower().startswith(b"sec-ch-")


def session_headers(login: Login, user_id: str, settings: Settings) -> Signed:
    """For the upgrade to the chat gateway, which wants to know the user (13.3)."""
    signed = upgrade_headers(login, settings)
    plain = tuple(one for one in signed.plain if not is_hint(one[0]))
    return replace(signed, plain=plain, user_id=user_id, hints=False)


def upgrade_headers(login: Login, settings: Settings) -> Signed:
    """For the upgrade to a WebSocket (2.6)."""
    browser = profile(settings)
    agent = clean(browser.user_agent)
    named = [
        ("Accept-Language", ACCEPT_LANGUAGE),
        ("Cache-Control", "no-cache"),
        ("Pragma", "no-cache"),
        ("Origin", clean(settings.text("upstream.base_url").rstrip("/"))),
    ]
    plain = tuple((name.encode(), value.encode("latin-1")) for name, value in named)
    own = browser_headers(agent, browser.browser)
    return Signed((*plain, *own), login, browser.cloudflare)
