"""The sandbox in a process of its own, and a small client for its control API."""

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class RunningSandbox:
    url: str

    def stats(self) -> dict[str, Any]:
        return self._ask("/_sandbox/stats")

    def requests(self, last: int = 1) -> list[dict[str, Any]]:
        answer = self._ask(f"/_sandbox/requests?last={last}")
        requests: list[dict[str, Any]] = answer["requests"]
        return requests

    def reset(self) -> None:
        self._ask("/_sandbox/reset", {})

    def settings(self, **settings: Any) -> dict[str, Any]:
        return self._ask("/_sandbox/settings", settings)

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data)
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


@contextlib.contextmanager
def running_sandbox(*options: str) -> Iterator[RunningSandbox]:
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.sandbox", "--port", "0", "--json", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield RunningSandbox(json.loads(line)["url"])
    finally:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()
