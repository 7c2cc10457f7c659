"""What callers are told where no proxy can be used, in either dialect."""

import pytest

from gateway.egress import home
from gateway.egress.home import Home
from gateway.egress.nodes import Scope
from gateway.entry import Entry
from grokgateway import config
from tests.gateway.asgi import envelope, post, refused
from tests.gateway.ground import END, MODEL, said

SAYING = [{"role": "user", "content": "hi"}]
CHAT = {"model": MODEL, "messages": SAYING}
MESSAGE = {**CHAT, "max_tokens": 10}


@pytest.fixture
def ways(monkeypatch, stage):
    fresh = Home()
    monkeypatch.setattr(home, "HOME", fresh)
    stage.add("a", "b")
    stage.upstream.will(said("Hello") + END)
    return fresh


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mode", ["single_proxy", "proxy_pool"])
async def test_a_proxied_mode_without_a_proxy_is_503(ways, stage, mode, stream):
    with config.override({"proxy.egress.mode": mode}):
        asked = await post({**CHAT, "stream": stream}).through(Entry())
    assert envelope(asked) == (503, "egress_unavailable")
    assert int(asked.answered["retry-after"]) > 0
    assert stage.upstream.asked == []
    for number in (1, 2):
        entry = stage.accounts.entry(number)
        assert (entry.inflight, entry.row.status) == (0, "active")


async def test_the_other_dialect_calls_it_overloaded(ways, stage):
    with config.override({"proxy.egress.mode": "single_proxy"}):
        asked = await post(MESSAGE, "/v1/messages").through(Entry())
    assert refused(asked)[1] == "overloaded_error"
    assert int(asked.answered["retry-after"]) > 0


async def test_all_nodes_out_is_told_with_the_time_of_the_first_to_return(ways, stage):
    pool = {
        "proxy.egress.mode": "proxy_pool",
        "proxy.egress.proxy_pool": ("http://a:1",),
    }
    with config.override(pool):
        ways.failed(ways.take(config.current(), Scope.CHAT, 1), "proxy_reset")
        asked = await post(CHAT).through(Entry())
        assert envelope(asked) == (503, "egress_unavailable")
        assert int(asked.answered["retry-after"]) in {30, 31}
