"""From what upstream made to what a caller is given: the one resolver of all surfaces.

Whatever cannot be fetched or kept is given in the same shape with upstream's address,
and the log says why (media.md 3, 7.1). What is no picture, or was given to another
prompt, is not handed out as if it were good.
"""

import html
import logging
from base64 import b64encode
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from gateway.conversation import file_types
from gateway.errors import GatewayError
from gateway.errors import Kind as Failure
from gateway.upstream.assets import open_asset
from gateway.upstream.headers import Login
from gateway.upstream.limits import Settings
from media import links, store
from media.errors import MediaError, NotMedia, Repeated
from media.incoming import Origin
from media.models import Asset, Kind

logger = logging.getLogger(__name__)

PUBLIC_HOST = "imagine-public"
PROXY = "features.imagine_public_image_proxy"
BARE_FORMATS = frozenset({"grok_url", "local_url"})
GROK_FORMATS = frozenset({"grok_url", "grok_md", "grok_html"})
HTML_FORMATS = frozenset({"grok_html", "local_html"})
EMBEDDED = "base64"
FOR_PICTURES = "image/jpeg"  # of bytes that say nothing


@dataclass(frozen=True, slots=True)
class Resolver:
    """Of one account's results. `base` is where links begin, empty if unknown.

    `fresh`: the results were made for the origin's prompt, so that one which another
    prompt had been given is refused rather than handed out. `here`: a page of ours
    shows them, so that they are kept whatever the formats say, and linked from `base`.
    """

    login: Login
    base: str
    origin: Origin
    settings: Settings
    fresh: bool = False
    here: bool = False
    causes: set[str] = field(default_factory=set)  # of failures that the log has

    async def picture_in_chat(self, url: str) -> str:
        """A picture of a chat model, in the form of `features.image_format`.

        Raises GatewayError for a stale one, where it is fetched at all.
        """
        if self.here:
            return markdown(await self._local(Kind.IMAGE, url) or url)
        form = self.settings.text("features.image_format")
        address = url
        if is_public(url) and not self.settings.flag(PROXY):
            pass
        elif form == EMBEDDED:
            data = await self._read_or_nothing(url)
            address = data_uri(data) if data else url
        elif form not in GROK_FORMATS or is_public(url):
            address = await self._local(Kind.IMAGE, url) or url
        return address if form in BARE_FORMATS else markdown(address)

    async def film_in_chat(self, url: str) -> str:
        """A film, in the form of `features.video_format`; raises as pictures do."""
        if self.here:
            return await self._local(Kind.VIDEO, url) or url
        form = self.settings.text("features.video_format")
        address = url
        if form not in GROK_FORMATS:
            address = await self._local(Kind.VIDEO, url) or url
        return player(address) if form in HTML_FORMATS else address

    async def picture_link(self, url: str, data: bytes | None = None) -> str:
        """What the images API gives as `url`; never relative.

        Raises GatewayError for a result that is no picture, or a stale one.
        """
        as_it_is = is_public(url) and not self.settings.flag(PROXY)
        if url and (as_it_is or not self.base):
            if data:
                await self._vouch(data)
            return url
        local = ""
        if self.base:
            local = await self._local(Kind.IMAGE, url, data, strict=self.fresh)
        if not (local or url):
            return data_uri(data or b"")
        return local or url

    async def picture_bytes(self, url: str, data: bytes | None = None) -> bytes:
        """What the images API gives as `b64_json`. Raises GatewayError."""
        data = data or await self._read(url)
        await self._vouch(data)
        return data

    async def kept_picture(self, url: str, data: bytes | None, place: int) -> Asset:
        """A picture that must be kept here. Raises GatewayError if it cannot be."""
        placed = replace(self, origin=replace(self.origin, place=place))
        try:
            return await placed.keep(Kind.IMAGE, url, data)
        except (NotMedia, Repeated) as exc:
            raise untrue(exc) from exc
        except MediaError as exc:
            told = f"A picture was made and cannot be kept: {exc}"
            raise GatewayError(Failure.UPSTREAM_ERROR, told, code=exc.code) from exc

    async def _local(
        self, kind: Kind, url: str, data: bytes | None = None, *, strict: bool = False
    ) -> str:
        """The link of what was kept; empty where it could not be.

        Raises GatewayError for a stale result; `strict` also for one that is no media.
        """
        try:
            asset = await self.keep(kind, url, data)
        except (GatewayError, MediaError) as exc:
            if isinstance(exc, Repeated) or (strict and isinstance(exc, NotMedia)):
                raise untrue(exc) from exc
            self._note(exc)
            return ""
        return links.link(kind, asset.public_id, self.base)

    async def keep(self, kind: Kind, url: str, data: bytes | None = None) -> Asset:
        """Fetch unless it is at hand, and store. Raises GatewayError, MediaError."""
        async with store.incoming(kind) as file:
            if data:
                await file.write(data)
            else:
                limit = store.LIMITS[kind]
                async with open_asset(self.login, url, self.settings, limit) as body:
                    async for chunk in body:
                        await file.write(chunk)
            return await file.keep(self.origin, refuse_repeats=self.fresh)

    async def _vouch(self, data: bytes) -> None:
        """Raises GatewayError for what is no picture, and for a stale one."""
        try:
            await store.vouch(Kind.IMAGE, data, self.origin.prompt)
        except (NotMedia, Repeated) as exc:
            raise untrue(exc) from exc

    async def _read(self, url: str) -> bytes:
        """In memory; pictures are small. Raises GatewayError for what is none."""
        limit = store.LIMITS[Kind.IMAGE]
        async with open_asset(self.login, url, self.settings, limit) as body:
            data = b"".join([chunk async for chunk in body])
        if not file_types.image_type(data[: file_types.SNIFFED_BYTES]):
            told = "Upstream sent something else instead of a picture."
            raise GatewayError(Failure.UPSTREAM_ERROR, told)
        return data

    async def _read_or_nothing(self, url: str) -> bytes:
        """What can be had and is a picture; raises GatewayError for a stale one."""
        try:
            data = await self._read(url)
            await self._vouch(data)
            return data
        except GatewayError as exc:
            if exc.kind is Failure.REPEATED_RESULT:
                raise
            self._note(exc)
            return b""

    def _note(self, error: Exception) -> None:
        """Once for each cause: ten pictures and a full disk are one line."""
        cause = f"{type(error).__name__}: {error}"
        if cause not in self.causes:
            self.causes.add(cause)
            account = self.origin.account
            logger.warning("A result of account %s is not kept: %s", account, error)


def untrue(error: MediaError) -> GatewayError:
    """Made and paid for, but not what it should be."""
    if isinstance(error, Repeated):
        return GatewayError(Failure.REPEATED_RESULT, str(error))
    return GatewayError(Failure.UPSTREAM_ERROR, f"Upstream made no good: {error}")


def is_public(url: str) -> bool:
    """Whether a picture needs no login to be seen."""
    return (urlsplit(url).hostname or "").startswith(PUBLIC_HOST)


def markdown(address: str) -> str:
    return f"![image]({address})"


def player(address: str) -> str:
    return f'<video controls src="{html.escape(address)}"></video>'


def data_uri(data: bytes) -> str:
    media_type = file_types.image_type(data[: file_types.SNIFFED_BYTES])
    return f"data:{media_type or FOR_PICTURES};base64,{b64encode(data).decode()}"
