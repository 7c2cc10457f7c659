"""An operator's first hour: from an empty database to a change taken back."""

import html
import re

import httpx
import pytest

from tests.e2e.gateway_process import eventually, running_gateway

pytestmark = pytest.mark.e2e

SHIPPED = "grok2api"
OWN = "a console key of our own"
MODEL = "grok-4.20-fast"
TOKENS = [f"sandbox-super-of-the-first-hour-{n}" for n in range(3)]


class Console:
    """A browser without scripts: it follows links, and sends the forms of pages."""

    def __init__(self, client):
        self.client = client

    def get(self, path):
        return self.send("GET", path)

    def post(self, path, **form):
        token = self.client.cookies["csrftoken"]
        return self.send("POST", path, data={**form, "csrfmiddlewaretoken": token})

    def send(self, method, path, **more):
        answer = self.client.request(method, path, **more)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, sandbox):
    with running_gateway(tmp_path_factory.mktemp("walk"), sandbox.url, {}) as running:
        yield running


@pytest.fixture
def console(gateway):
    with httpx.Client(base_url=gateway.url, timeout=30, follow_redirects=True) as one:
        yield Console(one)


def text_of(answer):
    """What a person reads of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_from_an_empty_database_to_a_change_taken_back(gateway, console):
    signs_in_and_changes_the_shipped_key(console)
    imports_three_accounts(console)
    ids = refreshes_them(console)
    request_id = chats(gateway)
    account = finds_why_it_was_chosen(console, request_id, ids)
    disables_it_and_takes_that_back(console, account)


def signs_in_and_changes_the_shipped_key(console):
    assert console.get("/").url.path == "/admin/login/"
    forced = console.post("/admin/login/", username="", password=SHIPPED)
    assert forced.url.path == "/admin/console-key/"
    assert console.get("/admin/accounts/account/").url == forced.url
    done = console.post("/admin/console-key/", new=OWN, again=OWN)
    assert done.url.path == "/admin/"
    assert "The console key was changed." in text_of(done)


def imports_three_accounts(console):
    console.get("/admin/accounts/account/import/")
    preview = console.post(
        "/admin/accounts/account/import/", pasted="\n".join(TOKENS), pool="super"
    )
    assert "New: 3" in text_of(preview)
    assert not any(token in preview.text for token in TOKENS)
    started = console.post(f"{preview.url.path}start/")
    done = "The import has ended."
    told = eventually(lambda: done in text_of(console.get(started.url.path)), 20)
    assert told
    assert "added 3" in text_of(console.get(started.url.path))


def refreshes_them(console):
    where = "/admin/accounts/account/"
    rows = re.findall(r'name="_selected_action" value="(\d+)"', console.get(where).text)
    assert len(rows) == 3
    ticked = {"_selected_action": rows, "action": "refresh", "apply": "1"}
    begun = console.post(where, **ticked)
    assert "A job for 3 accounts was started." in text_of(begun)
    (job,) = re.findall(r'href="(/admin/jobs/batchjob/\d+/change/)"', begun.text)
    assert eventually(lambda: "All 3 Done 3 " in text_of(console.get(job)), 20)
    return set(re.findall(r"acc_[0-9a-f]+", console.get(where).text))


def chats(gateway):
    headers = gateway.headers()
    with httpx.Client(base_url=f"{gateway.url}/v1", headers=headers, timeout=30) as api:

        def listed():
            return MODEL in {one["id"] for one in api.get("/models").json()["data"]}

        assert eventually(listed, 10)
        asked = [{"role": "user", "content": "hello"}]
        body = {"model": MODEL, "stream": False, "messages": asked}
        answer = api.post("/chat/completions", json=body)
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["content"]
    return answer.headers["x-request-id"]


def finds_why_it_was_chosen(console, request_id, ids):
    log = f"/admin/gateway/requestrecord/?q={request_id}"
    assert eventually(lambda: request_id in console.get(log).text, 10)
    page = console.get(f"/admin/gateway/requestrecord/by-id/{request_id}")
    told = text_of(page)
    assert "answered" in told
    assert "The least used and least busy of those that were drawn." in told
    (account,) = set(re.findall(r"acc_[0-9a-f]+", page.text))
    assert account in ids
    explained = console.get(f"/admin/explain/?model={MODEL}")
    assert "It would be served now." in text_of(explained)
    assert account in explained.text
    return account


def disables_it_and_takes_that_back(console, account):
    where = "/admin/accounts/account/"
    found = console.get(f"{where}?q={account}").text
    (row,) = re.findall(r'name="_selected_action" value="(\d+)"', found)
    done = console.post(f"{where}{row}/act/", action="disable")
    assert "1 account changed." in text_of(done)
    states = f"/admin/explain/?model={MODEL}"
    assert eventually(lambda: "disabled 1" in text_of(console.get(states)), 10)
    (undo,) = re.findall(r'href="(/admin/accounts/restorepoint/\w+/undo/)"', done.text)
    assert "1 account is active again" in text_of(console.get(undo))
    console.post(undo)
    assert eventually(lambda: "ready 3" in text_of(console.get(states)), 10)
