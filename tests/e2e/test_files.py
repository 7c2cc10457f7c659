"""Kept files as real servers send them."""

import json
import subprocess
import sys

import httpx
import pytest

from tests.e2e.gateway_process import ROOT

SIZE = 3_000_000


@pytest.fixture(
    params=[
        "granian",
        *(pytest.param(one, marks=pytest.mark.load) for one in ("uvicorn", "daphne")),
    ]
)
def gateway(request, launch):
    with launch({}, server=request.param) as running:
        yield running


@pytest.fixture
def kept(gateway):
    """A video: its id, and its bytes as they lie on disk."""
    saved = subprocess.run(
        [sys.executable, "-m", "tests.media.processes", "save_video", str(SIZE)],
        cwd=ROOT,
        env=gateway.env,
        check=True,
        capture_output=True,
        text=True,
    )
    public_id = json.loads(saved.stdout)["id"]
    path = gateway.data_dir / "files" / "videos" / f"{public_id}.mp4"
    return public_id, path.read_bytes()


def test_a_player_gets_what_it_asks_for(gateway, kept):
    """On one connection, so that no answer runs into the next."""
    public_id, data = kept
    with httpx.Client(base_url=gateway.url) as client:

        def ask(method="GET", file_id=public_id, **headers):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            path = f"/v1/files/video?id={file_id}"
            return client.request(method, path, headers=named)

        whole = ask()
        assert (whole.status_code, whole.content) == (200, data)
        assert whole.headers["content-length"] == str(len(data))
        assert whole.headers["content-type"] == "video/mp4"
        assert whole.headers["x-content-type-options"] == "nosniff"
        assert whole.headers["access-control-allow-origin"] == "*"

        head = ask("HEAD")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(data))

        etag = whole.headers["etag"]
        part = ask(range="bytes=1000000-", if_range=etag)
        assert (part.status_code, part.content) == (206, data[1_000_000:])
        told = f"bytes 1000000-{len(data) - 1}/{len(data)}"
        assert part.headers["content-range"] == told

        tail = ask(range="bytes=-100")
        assert (tail.status_code, tail.content) == (206, data[-100:])

        beyond = ask(range=f"bytes={len(data)}-")
        assert (beyond.status_code, beyond.content) == (416, b"")
        assert beyond.headers["content-range"] == f"bytes */{len(data)}"

        known = ask(if_none_match=etag)
        assert (known.status_code, known.content) == (304, b"")

        unknown = ask(file_id="0" * 32)
        assert unknown.status_code == 404
        assert unknown.json()["error"]["code"] == "file_not_found"
        malformed = ask(file_id="..%2f..%2fsecret_key")
        assert malformed.status_code == 400
        assert malformed.json()["error"]["param"] == "id"

        assert ask().content == data
