"""Upstream as the tests of pictures meet it: models, frames, one picture for all."""

import httpx
import orjson

from gateway.catalog import Route
from tests.gateway.ground import END, Stream, frame
from tests.media.samples import picture

LITE, FULL, EDIT = (
    "grok-imagine-image-lite",
    "grok-imagine-image",
    "grok-imagine-image-edit",
)
ROUTES = (
    Route(LITE, "Lite", "fast", "image", ("basic", "super")),
    Route(FULL, "Full", "auto", "image", ("super", "heavy")),
    Route(EDIT, "Edit", "auto", "image_edit", ("super", "heavy")),
    Route("grok-4.20-auto", "Chat", "auto", "chat", ("super",)),
)
GENERATIONS, EDITS = "/v1/images/generations", "/v1/images/edits"
# of a host that is not ours, so that answers have upstream's addresses
STRANGE = {"host": "elsewhere.example"}
ASSETS = "https://assets.grok.com/"
PNG = picture(colour=5)


def card(number, percent=100, *, moderated=False):
    chunk = {
        "imageUuid": str(number),
        "progress": percent,
        "imageUrl": f"users/u/generated/{number}/image.png",
        "moderated": moderated,
    }
    data = orjson.dumps({"image_chunk": chunk}).decode()
    return frame(token="", cardAttachment={"jsonData": data})


def edited(number, percent=100):
    told = {
        "imageIndex": number,
        "progress": percent,
        "imageUrl": f"users/u/generated/{number}/image.png",
    }
    return frame(streamingImageGenerationResponse=told)


class Web:
    """Upstream: chats in the order of `chats`, uploads, posts, one picture for all."""

    def __init__(self):
        self.chats, self.asked, self.cookies = [], [], []
        self.status = 200

    async def __call__(self, request):
        if request.method == "GET":
            return httpx.Response(self.status, content=PNG)
        path = request.url.path
        self.asked.append(path)
        if path.endswith("upload-file"):
            return httpx.Response(200, json={"fileMetadataId": "f1", "fileUri": "f/1"})
        if path.endswith("post/create"):
            return httpx.Response(200, json={"post": {"id": "p1"}})
        cookie = request.headers["cookie"]
        self.cookies.append(cookie.partition("sso=")[2].partition(";")[0])
        reply = self.chats.pop(0)
        if isinstance(reply, int):
            return httpx.Response(reply, content=b"{}")
        return httpx.Response(200, stream=Stream(*reply, END))
