"""The frames of a video in the making and what they mean, without I/O (8.5, 13.7)."""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.upstream.fields import Json, absolute, items, number, record, text
from gateway.upstream.pictures import Progress, Rising

URL_KEYS = ("videoUrl", "url", "contentUrl", "assetUrl", "fileUri")
ID_KEYS = ("videoPostId", "videoId")


@dataclass(frozen=True, slots=True)
class Segment:
    """A finished piece of film, or the whole so far if it extends an earlier one.

    `video_url` and `thumbnail_url` are absolute; all but the former may be empty.
    """

    post_id: str
    parent_post_id: str
    asset_id: str
    video_url: str
    thumbnail_url: str


class VideoDecoder:
    def __init__(self, assets_url: str, user_id: str, parent_post_id: str) -> None:
        self.withheld = False
        self._assets_url = assets_url
        self._user_id = user_id
        self._parent = parent_post_id
        self._post = ""
        self._asset = ""
        self._video = ""
        self._thumbnail = ""
        self._attached: list[str] = []
        self._rising = Rising()

    @property
    def filmed(self) -> bool:
        return bool(self._video)

    def feed(self, response: Json) -> list[Progress]:
        model = record(response.get("modelResponse"))
        if model:
            found = map(text, items(model.get("fileAttachments")))
            self._attached = [name for name in found if name]
        frame = record(response.get("streamingVideoGenerationResponse"))
        if not frame:
            return []
        self._post = next(texts(frame, ID_KEYS), self._post)
        if frame.get("moderated"):
            self.withheld = True
            return []
        percent = number(frame.get("progress"))
        if percent is None:
            percent = 100 if frame.get("isFinal") is True else 0
        if percent >= 100:
            self._finish(frame)
        return self._rising.to(min(percent, 100))

    def close(self) -> Segment | None:
        """At the end of the body; None if there is no film."""
        address = self._video or next(self._fallbacks(), "")
        if not address:
            return None
        asset = self._asset or self._post
        return Segment(self._post, self._parent, asset, address, self._thumbnail)

    def _finish(self, frame: Json) -> None:
        self._asset = text(frame.get("assetId")) or self._asset
        self._video = next(self._addresses(frame), self._video)
        thumbnail = text(frame.get("thumbnailImageUrl"))
        self._thumbnail = absolute(self._assets_url, thumbnail) or self._thumbnail

    def _addresses(self, frame: Json) -> Iterator[str]:
        """`videoUrl` as it is; under later names only what looks like a film."""
        named = text(frame.get("videoUrl"))
        if named:
            yield absolute(self._assets_url, named)
        variants = [record(one) for one in items(frame.get("variants"))]
        for holder in (frame, *variants):
            for name in texts(holder, URL_KEYS):
                if is_film(name):
                    yield absolute(self._assets_url, name)

    def _fallbacks(self) -> Iterator[str]:
        """What the summary attaches, unless the film was withheld."""
        if self.withheld:
            return
        for name in self._attached:
            if is_film(name):
                yield absolute(self._assets_url, name)
        assets = [self._asset, *(name for name in self._attached if "/" not in name)]
        for asset in assets:
            if asset and self._user_id:
                path = f"users/{self._user_id}/{asset}/content"
                yield absolute(self._assets_url, path)


def texts(frame: Json, names: tuple[str, ...]) -> Iterator[str]:
    return (value for value in (text(frame.get(name)) for name in names) if value)


def is_film(address: str) -> bool:
    path = address.partition("?")[0].lower()
    return path.endswith(".mp4") or "/content" in path
