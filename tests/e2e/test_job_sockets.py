"""The console's socket on every server: it talks, and a server that stops ends it."""

import http.cookiejar
import json
import signal
import time
import urllib.parse
import urllib.request

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.browser import NAME, PASSWORD
from tests.e2e.gateway_process import running_gateway

pytestmark = pytest.mark.e2e
NOWHERE = "http://127.0.0.1:9"
STOP_LIMIT_S = 8.0
CODES = {"uvicorn": 1012, "daphne": 4012}  # uvicorn says it by itself
USER = (
    "from django.contrib.auth.models import User;"
    f"User.objects.create_superuser('{NAME}', password='{PASSWORD}')"
)


def cookie_of(gateway):
    """Sign in as a browser does."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    login = f"{gateway.url}/admin/login/"
    browser.open(login, timeout=10)
    token = next(one.value for one in jar if one.name == "csrftoken")
    form = {
        "username": NAME,
        "password": PASSWORD,
        "csrfmiddlewaretoken": token,
        "next": "/admin/jobs/mine.json",
    }
    browser.open(login, urllib.parse.urlencode(form).encode(), timeout=10)
    return "; ".join(f"{one.name}={one.value}" for one in jar)


def opened(gateway, cookie, origin=None):
    address = gateway.url.replace("http", "ws", 1) + "/admin/ws/jobs"
    headers = {"Cookie": cookie}
    return connect(
        address, origin=origin or gateway.url, additional_headers=headers, proxy=None
    )


@pytest.mark.parametrize(
    "server",
    [
        "granian",
        *(pytest.param(one, marks=pytest.mark.load) for one in ("uvicorn", "daphne")),
    ],
)
def test_a_server_that_stops_ends_its_sockets(server, tmp_path):
    settings = {"GROK_ACCOUNT_REFRESH_ENABLED": "false"}
    with running_gateway(tmp_path, NOWHERE, {}, server, 1, **settings) as gateway:
        gateway.manage("shell", "--no-imports", "-c", USER)
        cookie = cookie_of(gateway)
        for foreign in (("", None), (cookie, "http://evil.example")):
            with pytest.raises(InvalidStatus):
                with opened(gateway, *foreign):
                    pass
        with opened(gateway, cookie) as socket:
            socket.send('{"watch": "all"}')
            assert json.loads(socket.recv(timeout=10))["type"] == "refused"
            begun = time.monotonic()
            gateway.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=20)
            gateway.process.wait(20)
        took = time.monotonic() - begun
        assert took < STOP_LIMIT_S
        said = closed.value.rcvd
        if server != "granian":  # cuts upgraded connections before it tells us
            assert said is not None
            assert said.code == CODES[server]
        log = (tmp_path / "serve.log").read_text()
        assert "Traceback" not in log, log
