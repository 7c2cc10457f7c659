"""The frames of an image edit and what they mean, without I/O (7, 13.4, 13.7)."""

from collections.abc import Iterator

from gateway.upstream.fields import Json, absolute, items, number, record, text
from gateway.upstream.pictures import Event, Moderated, Picture, Rising, Step

IMAGES = 2  # the v2 form makes so many, whatever is asked
INDEX_MOST = 16


class EditDecoder:
    """Pictures by their index; what the frames leave out, the summary may name."""

    def __init__(
        self,
        assets_url: str,
        user_id: str,
        images: int = IMAGES,
        *,
        steps: bool = False,
    ) -> None:
        self.withheld: set[int] = set()
        self.done: set[int] = set()
        self._assets_url = assets_url
        self._user_id = user_id
        self._steps = steps
        self._images = images
        self._refused: set[str] = set()  # addresses and ids of withheld pictures
        self._given: set[str] = set()
        self._percents: dict[int, int] = {}
        self._progress = Rising()
        self._summary: Json = {}

    def feed(self, response: Json) -> list[Event]:
        model = record(response.get("modelResponse"))
        if model:
            self._summary = model
        frame = record(response.get("streamingImageGenerationResponse"))
        index = number(frame.get("imageIndex"))
        if not frame or index is None or not 0 <= index < INDEX_MOST:
            return []
        return self._develop(frame, index)

    def close(self) -> list[Event]:
        """At the end of the body: what is known only from the summary."""
        found: list[Event] = []
        for index, address in self._summarised():
            if index not in self.done and index not in self.withheld:
                found += self._give(index, address, text_id="")
        return found

    def _develop(self, frame: Json, index: int) -> list[Event]:
        address, asset = self._address(frame), text(frame.get("assetId"))
        if index in self.done or index in self.withheld:
            return []
        if frame.get("moderated"):
            return self._withhold(index, address, asset)
        percent = percentage(frame)
        if percent >= 100:
            own = self._content(asset) or address
            return self._give(index, own, asset, also=address)
        return self._advance(index, min(max(percent, 0), 99))

    def _withhold(self, index: int, address: str, asset: str) -> list[Event]:
        self.withheld.add(index)
        self._refused |= {address, asset, self._content(asset)} - {""}
        return [Moderated(index)]

    def _give(
        self, index: int, address: str, text_id: str, *, also: str = ""
    ) -> list[Event]:
        names = {address, also, text_id} - {""}
        if not address or names & (self._refused | self._given):
            return []
        self._given |= names
        self.done.add(index)
        return [Picture(address, None, index), *self._advance(index, 100)]

    def _advance(self, index: int, percent: int) -> list[Event]:
        risen = self._steps and percent > self._percents.get(index, 0)
        self._percents[index] = max(percent, self._percents.get(index, 0))
        best = sorted(self._percents.values(), reverse=True)[: self._images]
        overall = self._progress.to(sum(best) // self._images)
        return [*([Step(index, percent)] if risen else []), *overall]

    def _summarised(self) -> Iterator[tuple[int, str]]:
        """First by ids of the account's files, then by address."""
        model = self._summary
        for index, value in enumerate(items(model.get("fileAttachments"))):
            asset = text(value)
            if asset not in self._refused and asset not in self._given:
                yield index, self._content(asset)
        for index, value in enumerate(items(model.get("generatedImageUrls"))):
            yield index, absolute(self._assets_url, text(value))

    def _address(self, frame: Json) -> str:
        named = text(frame.get("imageUrl")) or text(frame.get("url"))
        return absolute(self._assets_url, named)

    def _content(self, asset: str) -> str:
        if not asset or not self._user_id:
            return ""
        path = f"users/{self._user_id}/{asset}/content"
        return absolute(self._assets_url, path)


def percentage(frame: Json) -> int:
    if frame.get("isFinal") is True:
        return 100
    return number(frame.get("progress")) or 0
