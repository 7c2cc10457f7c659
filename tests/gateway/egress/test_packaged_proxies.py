"""Calls and sockets through proxies of Debian's: tinyproxy, and microsocks."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from gateway.errors import UpstreamFailure
from gateway.upstream import identity, pool
from gateway.upstream.probes import probe
from grokgateway import config
from tests.gateway.egress.every_call import GOOD
from tests.gateway.egress.test_never_direct import TLS_AND_MORE, login_of, upstream
from tests.gateway.sandbox.process import RunningSandbox, running_sandbox

MISSING = [name for name in ("tinyproxy", "microsocks") if not shutil.which(name)]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        bool(MISSING) and not os.environ.get("CI"), reason=f"not installed: {MISSING}"
    ),
]

SCHEMES = ["http", "socks5"]
ONCE = ("chat", "imagine", "file", "session")
TINY = "Listen {}\nPort {}\nTimeout 60\nMaxClients 64\nBasicAuth me pw\n"
ODD = "p@:/?#[]% &'\""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def carriers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Ports by scheme."""
    ports = {scheme: free_port() for scheme in SCHEMES}
    written = tmp_path_factory.mktemp("proxies") / "tinyproxy.conf"
    written.write_text(TINY.format("127.0.0.1", ports["http"]))
    socks = ["-i", "127.0.0.1", "-p", str(ports["socks5"]), "-u", "me", "-P", "pw"]
    with running("tinyproxy", "-d", "-c", written), running("microsocks", *socks):
        for port in ports.values():
            listened_on(port)
        yield ports


@contextmanager
def running(*command: str | Path) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        port: int = found.getsockname()[1]
        return port


def listened_on(port: int, host: str = "127.0.0.1") -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection((host, port), 1.0):
            return
        time.sleep(0.05)
    raise AssertionError("nobody listens")


def through(url: str) -> dict[str, object]:
    return {"proxy.egress.mode": "single_proxy", "proxy.egress.proxy_url": url}


@pytest.mark.parametrize("tls", TLS_AND_MORE)
@pytest.mark.parametrize("form", ["old", "new"])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_they_lead_there(ways, sandbox, carriers, scheme, form, tls):
    url = f"{scheme}://me:pw@127.0.0.1:{carriers[scheme]}"
    with config.override({**upstream(sandbox, form, tls), **through(url)}):
        login = login_of(f"{scheme}-{form}-{tls}")
        for name in ONCE:
            assert await GOOD[name](login, config.current()), name
        await pool.current().aclose()
    assert not any(health.failures for health in ways.health.values())


@contextmanager
def on_ipv6(scheme: str, folder: Path) -> Iterator[str]:
    """The address of a proxy on `::1`; that of microsocks has an odd password."""
    port = free_port()
    if scheme == "http":
        written = folder / "tinyproxy.conf"
        written.write_text(TINY.format("::1", port))
        command: list[str | Path] = ["tinyproxy", "-d", "-c", written]
    else:
        command = ["microsocks", "-i", "::1", "-p", str(port), "-u", "me", "-P", ODD]
    with running(*command):
        listened_on(port, "::1")
        password = "pw" if scheme == "http" else quote(ODD, safe="")
        yield f"{scheme}://me:{password}@[::1]:{port}"


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
@pytest.mark.parametrize("tls", TLS_AND_MORE)
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_they_lead_there_by_ipv6(ways, sandbox, tmp_path, scheme, tls):
    with (
        on_ipv6(scheme, tmp_path) as url,
        config.override({**upstream(sandbox, "new", tls), **through(url)}),
    ):
        for name in ONCE:
            assert await GOOD[name](login_of(f"six-{scheme}-{tls}"), config.current())
        (node,) = ways.nodes(config.current())
        assert not (await probe(node, config.current())).cause
        await pool.current().aclose()
    assert not any(health.failures for health in ways.health.values())


@pytest.mark.parametrize("tls", TLS_AND_MORE)
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_wrong_password_is_the_nodes_fault(
    ways, sandbox, carriers, scheme, tls
):
    url = f"{scheme}://me:no@127.0.0.1:{carriers[scheme]}"
    with config.override({**upstream(sandbox, "old", tls), **through(url)}):
        with pytest.raises(UpstreamFailure) as caught:
            await identity.fetch(login_of("x"), config.current())
        await pool.current().aclose()
    assert caught.value.kind == "egress_unavailable"
    assert ways.health["single"].failures == 1
