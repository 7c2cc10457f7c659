"""Cookies and user agents that operators give to single nodes."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from django.contrib.admin.models import LogEntry

from gateway.egress.proxies import parse
from gateway.egress_tables import EgressNode
from gateway.exits import manual, store
from gateway.upstream import calls
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits
from grokgateway import config
from tests.gateway.egress.proxy_servers import ProxyServer, proxy
from tests.gateway.upstream.stand_in import Chosen, Peer, Request, serving, whole

pytestmark = pytest.mark.django_db

NODES = "/admin/gateway/egressnode/"
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36"
CANARY = "canary-of-a-clearance"
COOKIES = f"cf_clearance={CANARY}; other=x; __cf_bm=b"
POOL = {
    "proxy.egress.mode": "proxy_pool",
    "proxy.egress.proxy_pool": ("http://a:1", "http://b:1"),
    "proxy.clearance.mode": "manual",
}


def made(name: str = "mine", cookies: str = COOKIES, **more: object) -> EgressNode:
    row = store.fill(EgressNode(name=name, **more), parse("http://h:1"))
    manual.give(row, manual.read(cookies) if cookies else "")
    row.save()
    return row


def test_only_cloudflares_cookies_are_taken_and_sealed(ways):
    row = made()
    assert CANARY.encode() not in bytes(row.manual_ciphertext or b"")
    store.load()
    bundle = ways.rows.manual["mine"]
    assert bundle.cookies == f"cf_clearance={CANARY}; __cf_bm=b"
    assert CANARY not in repr(bundle)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"sso=x; cf_clearance={CANARY}", "login"),
        (f"SSO-RW=x; cf_clearance={CANARY}", "login"),
        (f"session={CANARY}", "none of Cloudflare's"),
        (f"cf_clearance={CANARY}\r\nX: y", "control characters"),
        (f"cf_clearance={CANARY}" + "x" * 16_384, "16 KiB"),
    ],
)
def test_what_does_not_belong_there_is_refused_and_not_repeated(text, told):
    with pytest.raises(manual.BadCookies) as caught:
        manual.read(text)
    assert told in str(caught.value)
    assert CANARY not in str(caught.value)


def test_another_exit_has_other_cookies(ways):
    row = made(user_agent=AGENT)
    store.fill(row, parse("http://elsewhere:1"))
    assert row.manual_ciphertext is None
    with config.override(POOL):
        store.load()
        first = EgressNode.objects.get(name="pool-0")
        manual.give(first, "cf_clearance=x")
        first.save()
        store.load()
        assert "pool-0" in ways.rows.manual
        with config.override({"proxy.egress.proxy_pool": ("http://new:1",)}):
            store.load()
            assert "pool-0" not in ways.rows.manual


def test_pages_take_them_and_show_them_nowhere(ways, admin_client, caplog):
    caplog.set_level(logging.DEBUG)
    made("bare", cookies="")
    row = EgressNode.objects.get()
    page = f"{NODES}{row.pk}/change/"
    fields = {"scope": "both", "enabled": "on", "priority": 0, "weight": 1}
    bad = admin_client.post(page, fields | {"cookies": f"sso={CANARY}"})
    assert "login of an account" in bad.content.decode()
    assert CANARY not in bad.content.decode()
    admin_client.post(page, fields | {"cookies": COOKIES, "user_agent": AGENT})
    row.refresh_from_db()
    assert row.manual_ciphertext
    assert row.user_agent == AGENT
    for address in (page, NODES, f"{NODES}{row.pk}/history/"):
        assert CANARY not in admin_client.get(address).content.decode()
    assert CANARY not in "".join(str(entry.change_message) for entry in logged())
    assert CANARY not in caplog.text
    admin_client.post(page, fields | {"user_agent": AGENT})  # empty keeps them
    row.refresh_from_db()
    assert row.manual_ciphertext
    admin_client.post(page, fields | {"forget": "on", "user_agent": ""})
    row.refresh_from_db()
    assert not row.manual_ciphertext
    assert not row.user_agent


def logged() -> list[LogEntry]:
    return list(LogEntry.objects.all())


def test_nodes_of_the_configuration_may_have_them_too(ways, admin_client):
    with config.override(POOL):
        store.load()
        row = EgressNode.objects.get(name="pool-0")
        data = {"enabled": "on", "cookies": COOKIES, "notes": ""}
        admin_client.post(f"{NODES}{row.pk}/change/", data)
        row.refresh_from_db()
        assert row.manual_ciphertext
        assert row.shown == "http://a:1"


def test_the_console_warns_of_nodes_without_any(ways, admin_client):
    told = "there are proxies without any of their own"
    with config.override(POOL):
        store.load()
        assert told in admin_client.get("/admin/").content.decode()
        for row in EgressNode.objects.all():
            manual.give(row, "cf_clearance=x")
            row.save()
        store.load()
        assert told not in admin_client.get("/admin/").content.decode()


def test_scripts_set_and_forget_them(ways, client, settings):
    made("bare", cookies="")
    key = {"authorization": "Bearer grok2api"}

    def patched(**fields: object) -> dict[str, object]:
        answer = client.patch(
            "/admin/api/egress/nodes/bare",
            fields,
            content_type="application/json",
            headers=key,
        )
        found: dict[str, object] = answer.json()
        return found

    told = patched(manual_cookies=COOKIES, user_agent=AGENT)
    assert (told["manual_cookies"], told["user_agent"]) == (True, AGENT)
    assert CANARY not in str(told)
    refused = patched(manual_cookies=f"sso={CANARY}")
    assert "login" in str(refused)
    assert CANARY not in str(refused)
    assert patched(notes="n")["manual_cookies"] is True
    assert patched(manual_cookies="")["manual_cookies"] is False


@pytest.mark.e2e
@pytest.mark.parametrize("mode", ["manual", "none"])
async def test_each_node_goes_by_its_own(ways, mode):
    """One has both, one a user agent alone, one nothing: the configuration's."""
    seen: dict[str, Request] = {}

    async def upstream(peer: Peer, request: Request) -> None:
        seen[request.header("cookie").partition("sso=")[2].partition(";")[0]] = request
        await peer.send(whole(b"ok"))

    own = {
        "pool-0": manual.bundle_of(unsaved("pool-0", COOKIES, AGENT)),
        "pool-1": manual.bundle_of(unsaved("pool-1", "", AGENT)),
    }
    ways.rows = ways.rows.__class__(
        manual={name: bundle for name, bundle in own.items() if bundle}
    )
    async with serving(upstream) as server, three() as carriers:
        settings = server.settings(
            proxy__egress__mode="proxy_pool",
            proxy__egress__proxy_pool=tuple(one.url() for one in carriers),
            proxy__clearance__mode=mode,
            proxy__clearance__cf_cookies="cf_clearance=global",
        )
        for number in range(3):
            await asked(settings, Login(f"to-{number}", node=f"pool-{number}"))
    told = [seen[f"to-{number}"] for number in range(3)]
    clearances = ["cf_clearance" in one.header("cookie") for one in told]
    agents = [one.header("user-agent") == AGENT for one in told]
    hints = ['v="142"' in one.header("sec-ch-ua") for one in told]
    if mode == "manual":
        assert CANARY in told[0].header("cookie")
        assert "global" not in told[0].header("cookie")
        assert clearances == [True, False, True]
        assert agents == hints == [True, True, False]
    else:
        assert clearances == [True, True, True]
        assert agents == hints == [False, False, False]


def unsaved(name: str, cookies: str, agent: str) -> EgressNode:
    row = EgressNode(name=name, user_agent=agent)
    manual.give(row, manual.read(cookies) if cookies else "")
    return row


@asynccontextmanager
async def three() -> AsyncIterator[list[ProxyServer]]:
    async with proxy("http") as one, proxy("socks5") as two, proxy("http") as three:
        yield [one, two, three]


async def asked(settings: Chosen, login: Login) -> None:
    signed = json_headers(login, settings)
    answer = await calls.post("/x", signed, b"{}", settings, Limits(5.0, 5.0))
    assert await calls.whole(answer, 100) == b"ok"
