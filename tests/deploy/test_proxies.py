"""The examples for nginx and Caddy: read by the programs, and what passes through."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

import pytest
import websockets
from websockets import Origin

from tests.deploy.installed import needed
from tests.e2e.gateway_process import running_gateway
from tests.gateway.sandbox.process import running_sandbox
from tests.house import ROOT

NGINX = ROOT / "deploy/nginx/grok-gateway.conf"
CADDY = ROOT / "deploy/caddy/Caddyfile"
KEY = "e2e-test-key-0123456789"


@pytest.fixture
def certified(tmp_path):
    """The example of nginx with files of this test, within a whole configuration."""
    subprocess.run(
        [
            *(needed("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
            *("-subj", "/CN=gateway.example", "-days", "1"),
            *("-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )

    def write(text):
        text = text.replace("/etc/ssl/gateway.example", str(tmp_path))
        text = text.replace("/var/log/nginx", str(tmp_path))
        (tmp_path / "site.conf").write_text(text)
        main = tmp_path / "nginx.conf"
        main.write_text(
            f"pid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\n"
            f"worker_processes 1;\nevents {{}}\nhttp {{\n"
            f"client_body_temp_path {tmp_path}/b;\nproxy_temp_path {tmp_path}/p;\n"
            f"fastcgi_temp_path {tmp_path}/f;\nuwsgi_temp_path {tmp_path}/u;\n"
            f"scgi_temp_path {tmp_path}/s;\ninclude {tmp_path}/site.conf;\n}}\n"
        )
        return main

    return write


def test_nginx_reads_its_example(certified):
    main = certified(NGINX.read_text())
    done = subprocess.run(
        [needed("nginx"), "-t", "-c", main],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


def test_caddy_reads_its_example(tmp_path):
    if shutil.which("caddy") is None:
        pytest.skip("caddy is not installed")
    done = subprocess.run(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", CADDY],  # noqa: S607 - as installed
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/usr/local/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("example", [NGINX, CADDY], ids=["nginx", "caddy"])
def test_an_example_says_what_the_gateway_must_be_told(example):
    text = example.read_text()
    for name in ("SERVER_HOST", "TRUSTED_PROXIES", "GROK_APP_APP_URL"):
        assert re.search(rf"^#\s+{name}=\S+$", text, re.MULTILINE)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def through_nginx(certified, tmp_path):
    @contextlib.contextmanager
    def start(url, port):
        text = NGINX.read_text().replace("127.0.0.1:8000", url[7:])
        plain, tls = text.index("server {\n    listen 80"), "server {\n    listen 443"
        text = text[:plain] + text[text.index(tls) :]
        text = re.sub(r"listen 443.*;", f"listen 127.0.0.1:{port};", text)
        text = re.sub(r"listen \[::\]:443.*;|ssl_certificate.*;", "", text)
        with running(needed("nginx"), "-c", certified(text), "-g", "daemon off;"):
            yield
        logged = (tmp_path / "grok-gateway.log").read_text()
        assert "POST /v1/chat/completions" in logged
        assert "secret-in-a-query" not in logged

    return start


@pytest.fixture
def through_caddy(tmp_path):
    @contextlib.contextmanager
    def start(url, port):
        if shutil.which("caddy") is None:
            pytest.skip("caddy is not installed")
        text = CADDY.read_text().replace("127.0.0.1:8000", url[7:])
        text = text.replace("gateway.example {", f"http://127.0.0.1:{port} {{")
        (tmp_path / "Caddyfile").write_text(f"{{\n\tadmin off\n}}\n{text}")
        options = ("--adapter", "caddyfile", "--config", tmp_path / "Caddyfile")
        with running(needed("caddy"), "run", *options, HOME=str(tmp_path)):
            yield

    return start


@pytest.mark.e2e
@pytest.mark.load
@pytest.mark.parametrize("proxy", ["through_nginx", "through_caddy"])
def test_streams_sockets_and_addresses_pass(request, tmp_path, proxy):
    """The examples without TLS: a test has no certificate that clients trust."""
    port = free_port()
    with (
        running_sandbox() as sandbox,
        launched(tmp_path / "g", sandbox.url, port) as gateway,
        request.getfixturevalue(proxy)(gateway.url, port),
    ):
        reachable(port)
        assert spread(f"http://127.0.0.1:{port}") > 0.5
        assert asyncio.run(socket_opens(port))


def launched(folder, upstream, port):
    return running_gateway(
        folder,
        upstream,
        {"super": ["sandbox-super-1"]},
        TRUSTED_PROXIES="127.0.0.1",
        GROK_APP_WEBUI_ENABLED="true",
        GROK_APP_APP_URL=f"http://127.0.0.1:{port}",
    )


@contextlib.contextmanager
def running(*command, **variables):
    process = subprocess.Popen(command, env={**os.environ, **variables})
    try:
        yield
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(20)


def reachable(port):
    ends_at = time.monotonic() + 10
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        assert time.monotonic() < ends_at
        time.sleep(0.05)


def spread(url):
    """Seconds between the first and the last event of a slow answer."""
    body = {
        "model": "grok-4.20-fast",
        "stream": True,
        "messages": [{"role": "user", "content": "Tell me more [[delay_ms=80]]"}],
    }
    request = urllib.request.Request(
        f"{url}/v1/chat/completions?secret-in-a-query=1",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    seen = []
    with urllib.request.urlopen(request, timeout=60) as answer:
        for line in answer:
            if line.startswith(b"data:"):
                seen.append(time.monotonic())
    return seen[-1] - seen[0]


async def socket_opens(port):
    origin = Origin(f"http://127.0.0.1:{port}")
    url = f"ws://127.0.0.1:{port}/webui/api/imagine/ws"
    async with websockets.connect(url, origin=origin) as opened:
        await opened.send(json.dumps({"type": "start"}))
        return json.loads(await asyncio.wait_for(opened.recv(), 20))
