"""Card attachments and the pictures they bring (upstream-protocol 3.9, 3.10, 13.4)."""

from collections.abc import Iterator

from gateway.conversation.events import Event, MediaProgress, MediaReady
from gateway.upstream.fields import (
    Json,
    absolute,
    decode,
    items,
    number,
    record,
    text,
)
from gateway.upstream.inband import RATE_LIMIT_CODE, StreamError


def card(value: object) -> Json:
    """A card from its JSON text or from the object itself."""
    return (decode(value) or {}) if isinstance(value, str) else record(value)


def attached_cards(response: Json) -> Iterator[Json]:
    if "cardAttachment" in response:
        yield card(record(response["cardAttachment"]).get("jsonData"))
    for attachment in items(response.get("cardAttachments")):
        yield card(record(attachment).get("jsonData"))


def concluding_cards(model: Json) -> Iterator[Json]:
    """The cards that `modelResponse` repeats at the end of an answer."""
    yield from attached_cards(model)
    for value in items(model.get("cardAttachmentsJson")):
        yield card(value)


class Pictures:
    """Announces each generated picture once."""

    def __init__(self, assets_url: str) -> None:
        self._assets_url = assets_url
        self._known: set[str] = set()

    def develop(self, content: Json) -> Iterator[Event]:
        """Events of one card; raises StreamError if it says that a quota is spent."""
        chunk = record(content.get("image_chunk")) or record(content.get("imageChunk"))
        if text(chunk.get("systemErrCode")) == "rate_limit":
            raise StreamError(RATE_LIMIT_CODE, "image generation is rate limited")
        percent = number(chunk.get("progress"))
        if percent is None:
            return
        media_id = text(chunk.get("imageUuid"))
        url = text(chunk.get("imageUrl")) or text(chunk.get("image_url"))
        yield MediaProgress(media_id, min(max(percent, 0), 100))
        if percent >= 100 and url:
            yield from self._announce(url, media_id, bool(chunk.get("moderated")))

    def listed(self, model: Json) -> Iterator[Event]:
        """Pictures that only the closing summary names; moderated ones stay hidden."""
        for url in map(text, items(model.get("generatedImageUrls"))):
            if url:
                yield from self._announce(url, self._media_id(url), moderated=False)

    def _announce(self, url: str, media_id: str, moderated: bool) -> Iterator[Event]:
        address = absolute(self._assets_url, url)
        if address in self._known:
            return
        self._known.add(address)
        if not moderated:
            yield MediaReady(address, media_id)

    @staticmethod
    def _media_id(url: str) -> str:
        """`users/u1/generated/<media id>/image.jpg`"""
        folders = url.split("/")[:-1]
        return folders[-1] if folders else url
