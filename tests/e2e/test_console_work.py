"""Console pages that reach upstream: a message to try, a walk over the accounts."""

import re
from typing import Any

import httpx
import pytest

from tests.e2e.gateway_process import eventually, running_gateway

pytestmark = pytest.mark.e2e

CONSOLE_KEY = "an-operators-key-for-tests"
RECORDS = "SELECT request_id, account, endpoint, status FROM gateway_requestrecord"
TOKENS = ["sandbox-super-one-of-the-console", "sandbox-super-another-of-them"]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, sandbox):
    settings: dict[str, Any] = {
        "GROK_APP_APP_KEY": CONSOLE_KEY,
        "GROK_ACCOUNT_REFRESH_ENABLED": "false",
    }
    folder = tmp_path_factory.mktemp("console")
    tokens = {"super": TOKENS}
    with running_gateway(folder, sandbox.url, tokens, **settings) as running:
        yield running


@pytest.fixture
def console(gateway):
    with httpx.Client(
        base_url=f"{gateway.url}/admin", timeout=30, follow_redirects=True
    ) as client:
        client.get("/login")
        form = {"username": "admin", "password": CONSOLE_KEY, "next": "/admin/"}
        assert post(client, "/login", **form).url.path == "/admin/"
        yield client


def post(client, path, **form):
    token = client.cookies["csrftoken"]
    answer = client.post(path, data={**form, "csrfmiddlewaretoken": token})
    assert answer.status_code == 200
    return answer


def test_a_message_is_answered_by_the_worker_that_serves_the_page(gateway, console):
    answer = post(console, "/try/", model="grok-4.20-fast", key="", text="hello")
    page = answer.text
    assert ">Answered<" in page
    (request_id,) = re.findall(r"<code>(req_\w+)</code>", page)
    (account,) = set(re.findall(r"acc_[0-9a-f]+", page))

    def recorded():
        rows = gateway.rows(RECORDS)
        return [row for row in rows if row[0] == request_id]

    assert eventually(recorded, 10)
    assert recorded()[0][1:] == (account, "/admin/try", 200)


def test_accounts_are_asked_what_they_keep_and_the_result_stays(console):
    page = post(console, "/cache/online/walk").text
    assert "A job for 2 accounts was started." in page
    assert eventually(lambda: "Files of each account" in console.get("/cache").text, 30)
    shown = console.get("/cache").text
    assert "2 accounts" in shown
    assert not any(token in shown for token in TOKENS)
