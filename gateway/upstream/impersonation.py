"""Browsers that curl-cffi can be: which of them a user agent is, and how it is told.

Optional: without the package nothing is impersonated (requirements/impersonate.txt).
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from gateway.egress import profiles
from gateway.egress.profiles import Fit
from gateway.egress.proxies import Proxy
from gateway.upstream.limits import Settings

try:
    from curl_cffi import CurlOpt
    from curl_cffi.requests import BrowserType
except ImportError:
    INSTALLED = False
else:
    INSTALLED = True

SWITCH = "proxy.egress.impersonate"
# of curl's errors
TLS_CODES = frozenset({35, 60, 77, 83, 90, 91})
NEVER_REACHED = frozenset({5, 6, 7})
ODD_ANSWER, TIMED_OUT, OF_PROXY = 8, 28, 97


def known() -> tuple[str, ...]:
    """Names of profiles that the installed package has."""
    return tuple(one.value for one in BrowserType) if INSTALLED else ()


@lru_cache(maxsize=256)
def profile(user_agent: str, browser: str) -> Fit | None:
    """None where nothing can be impersonated."""
    return profiles.fit(user_agent, browser, known())


def chosen(user_agent: str, settings: Settings) -> str:
    """The profile to go by, empty for Python's own TLS."""
    if not INSTALLED or not settings.flag(SWITCH):
        return ""
    fit = profile(user_agent, settings.text("proxy.clearance.browser"))
    return fit.name if fit else ""


Option = tuple["CurlOpt", Any]  # Any: as many types as curl has


def options(name: str, proxy: Proxy | None, *, verify: bool) -> Iterable[Option]:
    """What calls and sockets have in common: the browser, and the way out.

    An empty proxy, and an empty list of exceptions, keep curl from asking the
    environment for its own.
    """
    yield CurlOpt.NOSIGNAL, 1
    yield CurlOpt.HTTP_CONTENT_DECODING, 0
    yield CurlOpt.NOPROXY, b""
    yield CurlOpt.PROXY, b"" if proxy is None else f"{proxy.scheme}://{proxy.place}"
    if proxy is None:
        return
    yield CurlOpt.HTTPPROXYTUNNEL, 1
    yield CurlOpt.SUPPRESS_CONNECT_HEADERS, 1
    if proxy.username or proxy.password:
        yield CurlOpt.PROXYUSERNAME, proxy.username
        yield CurlOpt.PROXYPASSWORD, proxy.password
    if not verify:
        yield CurlOpt.PROXY_SSL_VERIFYPEER, 0
        yield CurlOpt.PROXY_SSL_VERIFYHOST, 0
