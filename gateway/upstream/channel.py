"""Where account cookies may go, and the one thing that sends them.

A login stays sealed in its headers until a `Target` opens them, and a `Target` is
always on a configured host. What fetches URLs of other people knows neither.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import httpx

from gateway.upstream.cookies import cookie_header
from gateway.upstream.headers import Header, Signed
from gateway.upstream.limits import Settings

HOST_KEYS = (
    "upstream.base_url",
    "upstream.assets_url",
    "upstream.accounts_url",
    "upstream.ws_url",
)
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
HTTP_SCHEMES = {"ws": "http", "wss": "https"}
ABSOLUTE = re.compile(r"\s*[a-z][a-z0-9+.-]*:", re.IGNORECASE)

Origin = tuple[str, str, int]


class ForeignHost(httpx.UnsupportedProtocol):
    """A request to a host that the operator did not configure; it was not sent."""


class Hosts:
    """Upstream's hosts as configured, and the targets that lie on them."""

    def __init__(self, settings: Settings) -> None:
        self._base = settings.text("upstream.base_url").rstrip("/")
        self._assets = settings.text("upstream.assets_url").rstrip("/")
        self._media = frozenset(
            [
                origin_of(upstream_url(self._assets)),
                *media_origins(settings.items("upstream.media_hosts")),
            ]
        )
        named = [settings.text(key) for key in HOST_KEYS]
        configured = frozenset(origin_of(upstream_url(url)) for url in named if url)
        self._all = configured | self._media

    def __contains__(self, url: httpx.URL) -> bool:
        return origin_of(url) in self._all

    def are_called(self, host: str) -> bool:
        """Whether it is the name of one of them, or below one."""
        names = {name for _, name, _ in self._all}
        return host in names or any(host.endswith(f".{name}") for name in names)

    def base(self, path: str) -> "Target":
        return Target(self, upstream_url(self._base + path))

    def at(self, url: str) -> "Target":
        """A whole URL of one of the hosts. Raises ForeignHost for any other."""
        return Target(self, parsed(url))

    def asset(self, url_or_path: str) -> "Target":
        """What upstream's answers call a file. Raises ForeignHost.

        A path lies on the assets host; a whole URL must be there or on a media host.
        """
        if not ABSOLUTE.match(url_or_path):
            path = url_or_path.lstrip("/")
            return Target(self, parsed(f"{self._assets}/{path}"))
        url = parsed(url_or_path)
        if origin_of(url) not in self._media:
            raise ForeignHost("not a host of upstream's media")
        return Target(self, url)


class Target:
    """An address on one of the configured hosts; none other can be made."""

    __slots__ = ("hosts", "url")

    def __init__(self, hosts: Hosts, url: httpx.URL) -> None:
        if url not in hosts:
            raise ForeignHost("not a configured upstream host")
        self.hosts = hosts
        self.url = url

    def opened(self, signed: Signed) -> list[Header]:
        """The headers as this target gets them, with the login's cookies."""
        cookie = cookie_header(signed.login.token, signed.cloudflare, signed.user_id)
        return [*signed.plain, (b"Cookie", cookie)] if cookie else [*signed.plain]


class UpstreamChannel:
    """Sends calls that carry a login to upstream's hosts, and to no others."""

    def __init__(self, hosts: Hosts) -> None:
        self.hosts = hosts

    async def send(
        self,
        method: str,
        target: Target,
        signed: Signed,
        content: bytes | None,
        extensions: dict[str, Any],  # Any: httpx's own type for extensions
        transport: httpx.AsyncBaseTransport,
    ) -> httpx.Response:
        """A redirect is an answer like any other: nothing is followed here."""
        if target.hosts is not self.hosts and target.url not in self.hosts:
            raise ForeignHost("no longer a configured upstream host")
        request = httpx.Request(
            method,
            target.url,
            headers=target.opened(signed),
            content=content,
            extensions=extensions,
        )
        return await transport.handle_async_request(request)


@lru_cache(maxsize=256)
def upstream_url(url: str) -> httpx.URL:
    """Parsed once, as parsing costs more than all else about a request."""
    return httpx.URL(url)


def parsed(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise ForeignHost("not an address") from exc


def origin_of(url: httpx.URL) -> Origin:
    scheme = url.scheme
    port = url.port or PORTS.get(scheme, 0)
    return HTTP_SCHEMES.get(scheme, scheme), url.host, port


def media_origins(entries: Iterable[str]) -> Iterator[Origin]:
    """`host` means https; `host:port` of this machine or network also plain http."""
    for entry in entries:
        url = upstream_url(f"https://{entry}")
        yield origin_of(url)
        if url.port and is_near(url.host):
            yield "http", url.host, url.port


def is_near(host: str) -> bool:
    """Addresses for which the configuration allows upstream over plain http."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_private and not address.is_unspecified
