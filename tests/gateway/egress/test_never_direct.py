"""In a proxied mode upstream sees nobody but the proxies, and nobody without any."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from gateway.egress.home import Home
from gateway.errors import GatewayError, Kind
from gateway.upstream import identity, impersonation, pool
from gateway.upstream.headers import Login
from gateway.upstream.probes import probe
from grokgateway import config
from tests.gateway.egress.every_call import GOOD, SINGLE, Work
from tests.gateway.egress.proxy_servers import PASSWORD, QUOTED, ProxyServer, proxy
from tests.gateway.sandbox.process import RunningSandbox, running_sandbox

pytestmark = pytest.mark.e2e

FORMS = {
    "old": ("rest", "v2"),
    "new": ("gateway", "v3"),
}
IMPERSONATED = pytest.mark.skipif(
    not impersonation.INSTALLED, reason="curl-cffi is not there"
)
TLS_AND_MORE = ["python", pytest.param("browser", marks=IMPERSONATED)]
SPOKEN = [
    ("old", "python"),
    ("new", "python"),
    pytest.param("new", "browser", marks=IMPERSONATED),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@dataclass(frozen=True)
class Carriers:
    one: ProxyServer
    two: ProxyServer

    @property
    def ports(self) -> set[int]:
        return self.one.ports | self.two.ports


@asynccontextmanager
async def carriers() -> AsyncIterator[Carriers]:
    async with proxy("http") as one, proxy("socks5") as two:
        yield Carriers(one, two)


def upstream(sandbox: RunningSandbox, form: str, tls: str) -> dict[str, object]:
    chat, others = FORMS[form]
    where = dict.fromkeys(("base", "assets", "accounts"), sandbox.url)
    spoken = dict.fromkeys(("upload", "image_edit", "video", "imagine"), others)
    return {
        **{f"upstream.{name}_url": url for name, url in where.items()},
        **{f"upstream.{name}_protocol": value for name, value in spoken.items()},
        "upstream.chat_protocol": chat,
        "upstream.media_hosts": (sandbox.url.removeprefix("http://"),),
        "proxy.egress.impersonate": tls == "browser",
    }


def modes(one: str, two: str) -> dict[str, dict[str, object]]:
    """All proxied modes, with either kind of proxy for either kind of traffic."""
    single = {"proxy.egress.mode": "single_proxy"}
    several = {"proxy.egress.mode": "proxy_pool"}
    return {
        "http": {**single, "proxy.egress.proxy_url": one},
        "socks": {**single, "proxy.egress.proxy_url": two},
        "both": {
            **single,
            "proxy.egress.proxy_url": one,
            "proxy.egress.resource_proxy_url": two,
        },
        "pool": {**several, "proxy.egress.proxy_pool": (one, two)},
        "pools": {
            **several,
            "proxy.egress.proxy_pool": (two,),
            "proxy.egress.resource_proxy_pool": (one,),
        },
    }


def login_of(name: str) -> Login:
    return Login(f"sandbox-heavy-{name}")


async def known(sandbox: RunningSandbox, login: Login) -> Login:
    """With the user id that names its folder; what is seen of this is forgotten."""
    settings = config.current()
    user_id = (await identity.fetch(login, settings)).user_id
    return Login(login.token, user_id)


async def peers(sandbox: RunningSandbox) -> set[int]:
    return set((await asyncio.to_thread(sandbox.stats))["peers"])


@pytest.mark.parametrize(("form", "tls"), SPOKEN)
@pytest.mark.parametrize("mode", modes("", ""))
async def test_every_call_goes_through_the_proxies(
    ways, sandbox, caplog, mode, form, tls
):
    caplog.set_level(logging.DEBUG)
    async with carriers() as both:
        chosen = modes(both.one.url(), both.two.url())[mode]
        with config.override({**upstream(sandbox, form, tls), **chosen}):
            await asyncio.to_thread(sandbox.reset)
            settings = config.current()
            login = await known(sandbox, login_of(f"{mode}-{form}-{tls}"))
            for name, work in GOOD.items():
                assert await work(login, settings) is not NotImplemented, name
            for node in ways.nodes(settings):
                told = await probe(node, settings)
                assert told.status, node.name
            seen = await peers(sandbox)
            await pool.current().aclose()
    assert len(seen) > 1
    assert seen <= both.ports
    assert not any(health.failures for health in ways.health.values())
    without_passwords(caplog.text)
    files = {"http": both.one, "socks": both.two, "both": both.two, "pools": both.one}
    if mode in files:
        assert files[mode].led


FILES = ("upload", "file", "list")


@pytest.mark.parametrize(("form", "tls"), SPOKEN)
async def test_files_have_a_way_of_their_own(ways, sandbox, form, tls):
    async with carriers() as both:
        chosen = modes(both.one.url(), both.two.url())["both"]
        with config.override({**upstream(sandbox, form, tls), **chosen}):
            settings = config.current()
            login = await known(sandbox, login_of(f"files-{form}-{tls}"))
            before = set(both.one.ports)
            for name in FILES:
                await ({**SINGLE, **GOOD}[name])(login, settings)
            assert both.one.ports == before
            assert both.two.ports
            await pool.current().aclose()


TELL_NOTHING = frozenset({"quota"})  # where the first call fails on its way
DEAD = {
    "nobody there": ("http://u:p@127.0.0.1:9", "socks5://u:p@127.0.0.1:9"),
    "wrong password": None,
    "refused": None,
    "reset": None,
    "none at all": ("", ""),
}


@pytest.mark.parametrize(("form", "tls"), SPOKEN)
@pytest.mark.parametrize("dead", DEAD)
async def test_without_a_usable_proxy_nothing_is_called(
    ways, sandbox, caplog, dead, form, tls
):
    caplog.set_level(logging.DEBUG)
    password = f"{QUOTED}-wrong" if dead == "wrong password" else QUOTED
    async with carriers() as both:
        both.one.broken = {"refused": "status 403", "reset": "reset"}.get(dead, "")
        both.two.broken = both.one.broken
        urls = DEAD[dead] or tuple(
            one.url(password=password) for one in (both.one, both.two)
        )
        for chosen in modes(*urls).values():
            with config.override({**upstream(sandbox, form, tls), **chosen}):
                await asyncio.to_thread(sandbox.reset)
                await all_refused(ways)
                assert await peers(sandbox) == set()
        await pool.current().aclose()
    without_passwords(caplog.text)


def without_passwords(log: str) -> None:
    assert QUOTED not in log
    assert PASSWORD not in log


async def all_refused(ways: Home) -> None:
    settings = config.current()
    login = Login("sandbox-heavy-1", "00000000-0000-4000-8000-000000000001")
    for name, work in SINGLE.items():
        ways.health.clear()  # as if it were the first that goes this way
        first, second = [await error_of(work, login) for _ in range(2)]
        if name not in TELL_NOTHING:
            assert (name, first.kind) == (name, Kind.EGRESS_UNAVAILABLE)
        assert (name, second.kind) == (name, Kind.EGRESS_UNAVAILABLE)
        assert second.retry_after_s, name
    for node in ways.nodes(settings):
        assert (await probe(node, settings)).cause, node.name


async def error_of(work: Work, login: Login) -> GatewayError:
    try:
        done = await work(login, config.current())
    except GatewayError as error:
        return error
    assert done == {}, work
    return GatewayError(Kind.UPSTREAM_ERROR, "nothing was told")


@pytest.mark.parametrize("mode", ["single_proxy", "proxy_pool"])
async def test_a_pinned_account_goes_nowhere_else(ways, sandbox, mode):
    async with carriers() as both:
        chosen = {
            **upstream(sandbox, "old", "python"),
            "proxy.egress.mode": mode,
            "proxy.egress.proxy_url": both.one.url(),
            "proxy.egress.proxy_pool": (both.one.url(), both.two.url()),
        }
        with config.override(chosen):
            await asyncio.to_thread(sandbox.reset)
            login = Login("sandbox-heavy-1", "u", node="gone")
            for name, work in SINGLE.items():
                error = await error_of(work, login)
                known_kind = error.kind is Kind.EGRESS_UNAVAILABLE
                assert known_kind or name in TELL_NOTHING, name
            assert await peers(sandbox) == set()
            assert both.one.calls == both.two.calls == 0
