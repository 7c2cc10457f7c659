"""What upstream was told, whichever of its forms carried it."""

import base64
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

REST = "/rest/app-chat/conversations/new"
SESSION = "/ws/mgw/"
UPLOADS = {"/rest/app-chat/upload-file", "/http/upload-file-v2/direct"}
NEWER = os.environ.get("UPSTREAM_FORMS") == "new"
Recorded = dict[str, Any]  # a call as the sandbox recorded it

FILMS = "the newer form of films takes no references, presets or extensions"


def only_older(reason: str) -> pytest.MarkDecorator:
    """What the newer form lacks runs over the older one in every usual run."""
    return pytest.mark.skipif(NEWER, reason=reason)


@dataclass(frozen=True)
class Told:
    """One question; `cookie` without the user, whom only a session names."""

    message: str
    files: list[str]
    cookie: str


def chats(calls: Iterable[Recorded]) -> list[Told]:
    return list(_chats(calls))


def _chats(calls: Iterable[Recorded]) -> Iterator[Told]:
    cookie = ""
    for call in calls:
        if call["path"] not in {REST, SESSION}:
            continue
        if call["headers"]:
            cookie = call["headers"]["cookie"].partition("; x-userid=")[0]
        if call["path"] == REST:
            body = json.loads(call["body"])
            yield Told(body["message"], body.get("fileAttachments", []), cookie)
        elif call["method"] == "WS":
            event = json.loads(call["body"])["event"]
            if event["type"] == "conversation.item.create":
                chunks = event["item"]["x_grok"]["input_chunks"]
                said = "".join(one["text"]["text"] for one in chunks if "text" in one)
                files = event["item"].get("file_attachment_ids", [])
                yield Told(said, files, cookie)


def uploads(calls: Iterable[Recorded]) -> list[Recorded]:
    return [call for call in calls if call["path"] in UPLOADS]


def holds(upload: Recorded, content: bytes) -> bool:
    """Whether these bytes were uploaded; of a form the recording has them as text."""
    if upload["headers"]["content-type"].startswith("multipart/"):
        return content.decode("utf-8", "replace") in upload["body"]
    return base64.b64decode(json.loads(upload["body"])["content"]) == content
