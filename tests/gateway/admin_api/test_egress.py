"""Proxy nodes as scripts keep them."""

import json
import logging
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from gateway import works
from gateway.egress import home
from gateway.egress.nodes import Scope
from gateway.egress.proxies import parse
from gateway.egress_tables import ClearanceBundle, EgressNode
from gateway.exits import jobs, store
from gateway.exits.queries import apart
from gateway.upstream import pool
from grokgateway import config
from grokgateway.jobs.batch_runner import run_one
from grokgateway.jobs.models import BatchItem

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "an-operators-key"
SECRET = "canary-password"
URL = f"http://user:{SECRET}@proxy.example:3128"


@pytest.fixture(autouse=True)
def ways(monkeypatch):
    fresh = home.Home()
    monkeypatch.setattr(home, "HOME", fresh)
    with config.override({"app.app_key": KEY, "proxy.egress.mode": "proxy_pool"}):
        yield fresh


@pytest.fixture
def api():
    client = Client(headers={"Authorization": f"Bearer {KEY}"})

    def ask(method, path, body=None):
        data = "" if body is None else json.dumps(body)
        answer = client.generic(
            method, f"/admin/api/egress{path}", data, content_type="application/json"
        )
        assert SECRET not in answer.content.decode()
        return answer.status_code, answer.json()

    return ask


def test_a_node_is_added_used_changed_and_deleted(api, ways):
    status, made = api("POST", "/nodes", {"name": "mine", "url": URL, "weight": 3})
    assert (status, made["address"]) == (200, "http://user:***@proxy.example:3128")
    seat = ways.take(config.current(), Scope.CHAT, 1)
    assert (seat.node.name, seat.node.weight) == ("mine", 3)
    assert seat.node.proxy is not None
    assert seat.node.proxy.password == SECRET
    status, changed = api("PATCH", "/nodes/mine", {"enabled": False})
    assert (status, changed["enabled"]) == (200, False)
    assert not ways.nodes(config.current())
    assert api("DELETE", "/nodes/mine")[0] == 200
    assert api("GET", "/nodes/mine")[0] == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"name": "x", "url": "ftp://h"}, "url"),
        ({"name": "x", "url": f"http://u:{SECRET}@h/path"}, "url"),
        ({"name": "pool-3", "url": URL}, "name"),
        ({"name": "x", "url": URL, "weight": 0}, "payload.weight"),
        ({"name": "x"}, "payload.url"),
        ({"name": "x", "url": URL, "health": 1}, "payload.health"),
    ],
)
def test_what_is_wrong_is_named(api, body, param):
    status, answer = api("POST", "/nodes", body)
    assert status in {400, 422}
    assert param.rpartition(".")[2] in answer["error"].get("param", "")
    assert not EgressNode.objects.exists()


def test_a_name_is_there_once(api):
    assert api("POST", "/nodes", {"name": "mine", "url": URL})[0] == 200
    assert api("POST", "/nodes", {"name": "mine", "url": URL})[0] == 409


def test_the_configurations_nodes_are_switched_but_not_changed(api):
    with config.override({"proxy.egress.proxy_pool": (URL,)}):
        store.load()
        assert api("PATCH", "/nodes/pool-0", {"enabled": False})[0] == 200
        assert api("PATCH", "/nodes/pool-0", {"weight": 2})[0] == 409
        assert api("DELETE", "/nodes/pool-0")[0] == 409
        _status, shown = api("GET", "")
        assert [node["enabled"] for node in shown["nodes"]] == [False]


def test_many_are_looked_at_and_then_added(api):
    text = f"# remark\n{URL}\nsecond socks5://h:1\n\nh:2\nsecond http://h:3\nbad x://y"
    status, looked = api("POST", "/nodes/paste", {"text": text})
    assert (status, looked["added"]) == (200, 0)
    assert [line["state"] for line in looked["lines"]] == [
        "good",
        "good",
        "good",
        "known",
        "refused",
    ]
    assert not EgressNode.objects.exists()
    _status, saved = api("POST", "/nodes/paste", {"text": text, "save": True})
    assert saved["added"] == 3
    names = set(EgressNode.objects.values_list("name", flat=True))
    assert names == {"proxy.example:3128", "second", "h:2"}
    _status, again = api("POST", "/nodes/paste", {"text": text, "save": True})
    assert again["added"] == 0


def test_clearances_of_a_node_are_made_invalid(api):
    api("POST", "/nodes", {"name": "mine", "url": URL})
    later = datetime.now(UTC) + timedelta(hours=1)
    ClearanceBundle.objects.create(
        key="k", node="mine", origin="https://x", valid=True, version=1, retry_at=later
    )
    assert api("POST", "/nodes/mine/invalidate")[1]["invalidated"] == 1
    row = ClearanceBundle.objects.get()
    assert (row.valid, row.retry_at) == (False, None)
    assert api("POST", "/nodes/other/invalidate")[0] == 404


async def test_a_test_is_a_job_that_tells_the_exit_or_the_remedy(ways):
    def upstream(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/cdn-cgi/trace":
            return httpx.Response(200, content=b"ip=203.0.113.5\n")
        raise httpx.ConnectError("x")

    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("x")

    await apart(added)
    for answer, told in ((upstream, "203.0.113.5"), (down, "proxy_unreachable")):
        await apart(jobs.begin, jobs.TEST, ["mine"], "ann")
        with pool.carried_by(httpx.MockTransport(answer)):
            assert await run_one(works.ALL)
        item = await BatchItem.objects.order_by("-pk").afirst()
        assert item is not None
        assert told in f"{item.result} {item.error}"
        assert SECRET not in f"{item.result} {item.error}"


async def test_a_solve_needs_a_solver(ways):
    await apart(added)
    await apart(jobs.begin, jobs.SOLVE, ["mine", "gone"], "ann")
    assert await run_one(works.ALL)
    errors = [item.error async for item in BatchItem.objects.all()]
    assert errors == ["no solver is configured"] * 2


def added() -> None:
    store.fill(EgressNode(name="mine"), parse(URL)).save()
    store.load()


def test_what_scripts_do_is_in_the_log(api, ways, caplog):
    caplog.set_level(logging.INFO)
    api("POST", "/nodes", {"name": "one", "url": URL})
    assert "one: added, by api" in caplog.text
    assert not LogEntry.objects.exists()
    User.objects.create_superuser("admin")
    api("PATCH", "/nodes/one", {"notes": "n", "url": URL})
    api("POST", "/nodes/one/invalidate")
    api("POST", "/nodes/one/test")
    api("DELETE", "/nodes/one")
    entries = list(LogEntry.objects.order_by("pk"))
    told = [entry.change_message for entry in entries]
    assert told[0].startswith("changed: notes, url, by api")
    assert told[2].startswith("egress-test: job ")
    assert [entry.object_repr for entry in entries] == ["one"] * 4
    assert SECRET not in caplog.text + "".join(told)
