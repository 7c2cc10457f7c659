"""Twelve faults, injected over real sockets, and the layer that is named for each."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from accounts.models import Account
from gateway.doctor import wording
from gateway.doctor.asking import Asked
from gateway.doctor.examining import examine
from gateway.doctor.findings import Case, State
from gateway.egress.proxies import parse
from gateway.egress_tables import EgressNode
from gateway.exits import manual, store
from gateway.exits.queries import apart
from gateway.models import ModelRoute
from grokgateway import config
from tests.factories import make_account
from tests.gateway.doctor.surroundings import Surroundings, Values, upstream
from tests.gateway.egress.proxy_servers import PASSWORD, QUOTED, ProxyServer, proxy

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

SOUND = "sandbox-super-sound"
OTHER_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0.0.0 Safari/537.36"
SHIPPED_AGENT = str(config.KEYS["proxy.clearance.user_agent"].default)
LONG_AGO = int(time.time()) - 7200
STALE = f"cf_clearance=canary-{LONG_AGO}-1.2.1.1-stale"
MANUAL: Values = {"proxy.clearance.mode": "manual", "proxy.clearance.cf_cookies": ""}


@dataclass(frozen=True)
class Fault:
    """`proxy`: of which kind, and how it is broken; "gone" is not there."""

    name: str
    check: str
    layer: str
    token: str = SOUND
    pool: str = "super"
    proxy: str = ""
    password: str = QUOTED
    sandbox: Values = field(default_factory=dict)
    settings: Values = field(default_factory=dict)
    model: str = ""


GUARDED: Values = {"guarded": True}
FAULTS = (
    Fault("bad proxy password", "connect", "proxy", proxy="http", password="canary"),
    Fault("bad socks password", "connect", "proxy", proxy="socks5", password="canary"),
    Fault("dead proxy", "connect", "proxy", proxy="gone"),
    Fault("proxy that leads nowhere", "connect", "proxy", proxy="http status 503"),
    Fault(
        "wrong user agent",
        "agent",
        "protection",
        sandbox={**GUARDED, "clearance_agent": SHIPPED_AGENT},
        settings={
            **MANUAL,
            "proxy.clearance.cf_cookies": "cf_clearance=fresh",
            "proxy.clearance.user_agent": OTHER_AGENT,
        },
    ),
    Fault(
        "stale clearance",
        "clearance",
        "protection",
        sandbox=GUARDED,
        settings={**MANUAL, "proxy.clearance.cf_cookies": STALE},
    ),
    Fault(
        "no solver",
        "clearance",
        "protection",
        sandbox=GUARDED,
        settings={
            "proxy.clearance.mode": "on_demand",
            "proxy.clearance.flaresolverr_url": "http://127.0.0.1:9",
        },
    ),
    Fault("challenge page", "challenge", "protection", sandbox=GUARDED),
    Fault(
        "challenged account",
        "challenge",
        "protection",
        token="sandbox-super-challenged",
    ),
    Fault(
        "bad statsig",
        "statsig",
        "protection",
        sandbox={"strict_statsig": True},
        settings={"upstream.statsig_value": "canary"},
    ),
    Fault(
        "dead signer",
        "statsig",
        "protection",
        sandbox={"strict_statsig": True},
        settings={"upstream.statsig_signer_url": "http://127.0.0.1:9"},
    ),
    Fault("dead token", "credential", "account", token="sandbox-super-expired"),
    Fault("unknown token", "credential", "account", token="nobody-knows-this-one"),
    Fault("blocked account", "blocked", "account", token="sandbox-super-blocked"),
    Fault("wrong tier", "tier", "account", token="sandbox-basic-1"),
    Fault("spent quota", "quota", "account", token="sandbox-super-quota0"),
    Fault("limit reached", "quota", "account", token="sandbox-super-ratelimited"),
    Fault("model of another tier", "tier", "account", model="grok-4.20-heavy"),
    Fault("unknown model mode", "model", "gateway", model="made-up"),
    Fault("upstream down", "upstream", "upstream", sandbox={"fault": "503"}),
    Fault(
        "upstream that refuses connections",
        "upstream",
        "upstream",
        settings={"upstream.base_url": "http://127.0.0.1:9"},
    ),
    Fault(
        "upstream broken behind a proxy",
        "upstream",
        "upstream",
        proxy="http",
        sandbox={"fault": "500"},
    ),
)


@asynccontextmanager
async def carrier(fault: Fault) -> AsyncIterator[ProxyServer | None]:
    kind, _, broken = fault.proxy.partition(" ")
    if not kind:
        yield None
    elif kind == "gone":
        yield ProxyServer("http", port=9)
    else:
        async with proxy(kind, broken=broken) as made:
            yield made


@asynccontextmanager
async def staged(fault: Fault) -> AsyncIterator[Surroundings]:
    async with upstream(fault.sandbox) as made, carrier(fault) as way:
        hosts = ("base_url", "accounts_url", "assets_url")
        base: Values = {f"upstream.{host}": made.url for host in hosts}
        values = {**base, **fault.settings}
        if way:
            values["proxy.egress.mode"] = "single_proxy"
            values["proxy.egress.proxy_url"] = way.url(password=fault.password)
        with config.override(values):
            await apart(furnished, fault)
            yield made


def furnished(fault: Fault) -> None:
    make_account(token=fault.token, pool=fault.pool)
    ModelRoute.objects.create(
        name="made-up",
        display_name="x",
        mode="no-such",
        tier="super",
        capability="chat",
    )
    store.load()


async def examined(fault: Fault) -> Case:
    (case,) = (await examine(Asked(model=fault.model))).cases
    return case


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_the_layer_at_fault_is_named(ways, models, fault):
    async with staged(fault):
        case = await examined(fault)
    guilty = case.guilty
    assert guilty is not None, [one.stored() for one in case.findings]
    assert (guilty.check, guilty.at) == (fault.check, fault.layer), guilty
    told = wording.told({"sound": False, "cases": [case.stored()]})
    text = json.dumps(told)
    assert "canary" not in text
    assert PASSWORD not in text
    assert fault.token not in text
    assert wording.remedy(guilty.stored())
    (again,) = wording.cases_of(told)
    assert all(one["seen"] != one["code"] for one in wording.findings_of(again))


async def test_a_sound_way_is_sound_and_costs_no_quota(ways, models):
    fault = Fault("none", "", "", proxy="http", model="grok-4.20-auto")
    async with staged(fault) as made:
        case = await examined(fault)
        assert case.guilty is None, case.guilty
        (account,) = made.sandbox.state.accounts.seen()
        assert not account.modes
        assert account.windows["auto"].remaining == 50
    states = {str(one.check): one.state for one in case.findings}
    assert states["answer"] is State.SKIPPED
    assert states["exit"] is State.OK
    assert states["model"] is State.OK


async def test_an_answer_is_asked_for_only_on_demand(ways, models):
    fault = Fault("none", "", "")
    async with staged(fault) as made:
        report = await examine(Asked(spend=True))
        assert report.sound
        (account,) = made.sandbox.state.accounts.seen()
        assert account.modes == {"fast": 1}


async def test_a_clearance_of_one_node_with_the_wrong_user_agent(ways, models):
    guarded = {**GUARDED, "clearance_agent": SHIPPED_AGENT}
    async with upstream(guarded) as made, proxy("http") as way:
        values = {
            "upstream.base_url": made.url,
            "proxy.egress.mode": "proxy_pool",
            "proxy.clearance.mode": "manual",
        }
        with config.override(values):
            await apart(given_by_hand, way.url(), OTHER_AGENT)
            (case,) = (await examine(Asked())).cases
            assert case.guilty is not None
            assert case.guilty.code == "agent_wrong_node"
            assert case.guilty.about == {"agent": SHIPPED_AGENT}
            await apart(given_by_hand, way.url(), SHIPPED_AGENT)
            assert (await examine(Asked())).sound


def given_by_hand(url: str, agent: str) -> None:
    EgressNode.objects.all().delete()
    row = store.fill(EgressNode(name="mine", user_agent=agent), parse(url))
    manual.give(row, "cf_clearance=fresh")
    row.save()
    if not Account.objects.exists():
        make_account(token=SOUND, pool="super")
    store.load()
