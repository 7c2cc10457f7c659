"""A large import through the console, while others ask for models and answers."""

import re
import statistics
import threading
import time

import httpx
import pytest

from tests.e2e.gateway_process import eventually, running_gateway
from tests.e2e.test_answers import CHAT

pytestmark = [pytest.mark.e2e, pytest.mark.load]

LINES = 50_000
ACCOUNTS = {"super": [f"sandbox-super-quota1000-import-{n}" for n in range(4)]}
KEY = "an-operators-key-for-tests"
PAGE = "/admin/accounts/account/import/"
SLOWEST_S, PREVIEW_S, IMPORT_S = 2.0, 5.0, 90.0


class Asking:
    """Streams one short answer after another and notes how long each took."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.took = []
        self.bad = []
        self.ended = threading.Event()

    def __call__(self):
        body = {
            "model": "grok-4.20-fast",
            "messages": [{"role": "user", "content": "[[text=fine]]"}],
        }
        with httpx.Client(timeout=30) as client:
            while not self.ended.wait(0.02):
                began = time.perf_counter()
                answer = client.post(
                    f"{self.gateway.url}{CHAT}",
                    headers=self.gateway.headers(),
                    json=body,
                )
                self.took.append(time.perf_counter() - began)
                if answer.status_code != 200:
                    self.bad.append(answer.status_code)


def token_of(page):
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.fixture
def gateway(sandbox, tmp_path):
    with running_gateway(
        tmp_path, sandbox.url, ACCOUNTS, GROK_APP_APP_KEY=KEY
    ) as running:
        make = (
            "from django.contrib.auth import get_user_model as g;"
            "g().objects.create_superuser('operator', password='a-long-pass-word')"
        )
        running.manage("shell", "-v0", "-c", make)
        yield running


@pytest.fixture
def console(gateway):
    with httpx.Client(base_url=gateway.url, follow_redirects=True, timeout=120) as one:
        page = one.get("/admin/login/").text
        form = {"username": "operator", "password": "a-long-pass-word"}
        one.post(
            "/admin/login/",
            data={**form, "csrfmiddlewaretoken": token_of(page), "next": "/admin/"},
            headers={"Referer": gateway.url},
        )
        yield one


def test_requests_go_on_while_fifty_thousand_lines_are_imported(gateway, console):
    lines = "\n".join(f"sandbox-super-many-{n:08d}-{'x' * 100}" for n in range(LINES))
    asking = Asking(gateway)
    thread = threading.Thread(target=asking)
    thread.start()
    try:
        token = token_of(console.get(PAGE).text)
        began = time.perf_counter()
        shown = console.post(
            PAGE,
            data={"csrfmiddlewaretoken": token, "pool": "super"},
            files={"file": ("many.txt", lines)},
            headers={"Referer": gateway.url},
        )
        preview_s = time.perf_counter() - began
        assert f"{LINES}" in shown.text.replace(",", "").replace(".", "")
        path = shown.url.path
        began = time.perf_counter()
        console.post(
            f"{path}start/",
            data={"csrfmiddlewaretoken": token_of(shown.text)},
            headers={"Referer": gateway.url},
        )
        stored = eventually(
            lambda: (
                gateway.rows("SELECT count(*) FROM accounts_account")[0][0]
                == LINES + len(ACCOUNTS["super"])
            ),
            IMPORT_S,
        )
        import_s = time.perf_counter() - began
    finally:
        asking.ended.set()
        thread.join()
    figures = {
        "preview_s": round(preview_s, 1),
        "import_s": round(import_s, 1),
        "requests": len(asking.took),
        "median_s": round(statistics.median(asking.took), 3),
        "slowest_s": round(max(asking.took), 3),
    }
    assert stored, figures
    assert not asking.bad, figures
    assert preview_s < PREVIEW_S, figures
    assert max(asking.took) < SLOWEST_S, figures
