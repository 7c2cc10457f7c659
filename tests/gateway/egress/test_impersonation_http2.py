"""Calls as a browser makes them, over HTTP/2."""

import asyncio
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.errors import UpstreamFailure
from gateway.upstream import calls, impersonation, pool
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits
from tests.gateway.upstream.certificates import certificate
from tests.gateway.upstream.stand_in import StandIn

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not impersonation.INSTALLED, reason="curl-cffi is not there"),
]

ROOT = Path(__file__).resolve().parents[3]
LOGIN = Login("some-token")
LIMITS = Limits(5.0, 5.0, connect_s=2.0)


@pytest.fixture
def vouched(tmp_path, monkeypatch) -> ssl.SSLContext:
    own, authority = certificate(tmp_path)
    monkeypatch.setattr(pool.HOME, "cacert", str(authority))
    return own


@contextmanager
def speaking_http2(folder: Path) -> Iterator[StandIn]:
    """A server in a process of its own; `certificate` has left its files there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    files = ["--ssl-certificate", str(folder / "authority.pem")]
    files += ["--ssl-keyfile", str(folder / "key.pem")]
    command = ["-m", "granian", "--interface", "asgi", "--port", str(port), *files]
    process = subprocess.Popen(
        [sys.executable, *command, "tests.gateway.egress.http2_app:app"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            with socket.socket() as tried:
                if not tried.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.05)
        yield StandIn(port, secure=True)
    finally:
        process.kill()
        process.wait(10)


async def test_over_http2_it_is_the_same(ways, vouched, tmp_path):
    with speaking_http2(tmp_path) as server:
        settings = server.settings(proxy__egress__impersonate=True)

        async def one(path: str = "/x") -> calls.Answer:
            headers = json_headers(LOGIN, settings)
            return await calls.post(path, headers, b"body", settings, LIMITS)

        answers = await asyncio.gather(*(one() for _ in range(20)))
        for answer in answers:
            assert await calls.whole(answer, 100) == b"one two body"
        got = answers[0].headers
        assert got["x-version"] == "2"
        assert got["x-got-priority"] == "u=1, i"
        assert got["x-got-cookie"].startswith("sso=some-token")
        assert got["x-got-user-agent"] == settings.text("proxy.clearance.user_agent")
        stalled = await one("/stall")
        assert await anext(stalled) == b"one "
        await stalled.aclose()
        assert await calls.whole(await one(), 100) == b"one two body"
        with pytest.raises(UpstreamFailure) as caught:
            await one("/die")
        assert (caught.value.cause, caught.value.sent) == ("cut", True)
    await pool.current().aclose()
