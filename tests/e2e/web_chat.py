"""A page's side of the chat socket, for end-to-end tests."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.e2e.gateway_process import Gateway

KEY = "web ui key of tests"
SETTINGS = {
    "GROK_APP_WEBUI_ENABLED": "true",
    "GROK_APP_WEBUI_KEY": KEY,
    "GROK_WEBUI_CHAT_PER_MIN": "1000",
}
LAST = {"finished", "error"}
MODEL = "grok-4.20-auto"
Frame = dict[str, Any]  # as it came


@dataclass
class Page:
    socket: ClientConnection

    def start(self, turn_id: str, prompt: Any, model: str = MODEL, **options: Any):
        messages = [{"role": "user", "content": prompt}]
        frame = {"type": "start", "id": turn_id, "model": model, "messages": messages}
        self.say({**frame, "options": options})

    def say(self, frame: Frame) -> None:
        self.socket.send(json.dumps(frame))

    def hear(self, limit_s: float = 20) -> Frame:
        frame: Frame = json.loads(self.socket.recv(timeout=limit_s))
        return frame

    def until(self, *kinds: str, turn_id: str = "") -> list[Frame]:
        """All frames up to the first of these kinds (of that turn)."""
        found = []
        while True:
            frame = self.hear()
            found.append(frame)
            of_turn = not turn_id or frame.get("id") == turn_id
            if frame["type"] in kinds and of_turn:
                return found

    def whole(self, turn_id: str) -> list[Frame]:
        return [
            one for one in self.until(*LAST, turn_id=turn_id) if one["id"] == turn_id
        ]

    def ask(self, turn_id: str, prompt: Any, **options: Any) -> list[Frame]:
        self.start(turn_id, prompt, **options)
        return self.whole(turn_id)


@contextlib.contextmanager
def opened(gateway: Gateway, key: str = KEY, **more: Any) -> Iterator[Page]:
    address = gateway.url.replace("http", "ws", 1) + "/webui/ws/chat"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with connect(address, additional_headers=headers, proxy=None, **more) as socket:
        yield Page(socket)


def text_of(frames: list[Frame], kind: str = "text") -> str:
    return "".join(one["text"] for one in frames if one["type"] == kind)


def kinds(frames: list[Frame]) -> list[str]:
    """Each kind once for every run of it."""
    said = [one["type"] for one in frames]
    return [
        kind for before, kind in zip(["", *said], said, strict=False) if kind != before
    ]


def seconds_until(check: Any, limit_s: float = 5.0) -> float:
    begun = time.monotonic()
    while not check():
        if time.monotonic() - begun > limit_s:
            raise AssertionError(f"not within {limit_s} s")
        time.sleep(0.02)
    return time.monotonic() - begun
