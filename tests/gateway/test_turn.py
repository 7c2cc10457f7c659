"""One turn against an upstream that is a function and accounts in memory."""

import asyncio
from contextlib import aclosing

import httpx
import pytest

from gateway import turn
from gateway.conversation.events import (
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
)
from gateway.errors import GatewayError, Kind
from grokgateway import config
from tests.gateway.ground import (
    END,
    MODEL,
    Stream,
    ask,
    error,
    said,
    searched,
    thought,
)

GOOD = said("Hel") + said("lo") + END


async def events_of(asked):
    async with aclosing(turn.run(asked)) as batches:
        return [event async for batch in batches for event in batch]


async def text_of(asked):
    found = await events_of(asked)
    return "".join(event.text for event in found if isinstance(event, TextDelta))


async def failure_of(asked):
    with pytest.raises(GatewayError) as caught:
        await events_of(asked)
    return caught.value


def reasons(asked):
    return [(one.account, one.reason) for one in asked.journal.attempts]


async def test_an_answer_ends_with_its_usage(stage):
    stage.add("a")
    stage.upstream.will(thought("hm") + GOOD)
    asked = ask()
    found = await events_of(asked)
    assert found[0] == ReasoningDelta("hm")
    assert "".join(e.text for e in found[1:-1]) == "Hello"
    last = found[-1]
    assert isinstance(last, Finished)
    assert last.reason is FinishReason.STOP
    assert last.usage == asked.journal.usage
    assert last.usage.prompt_tokens > 0
    assert last.usage.completion_tokens > last.usage.reasoning_tokens > 0


async def test_what_upstream_is_asked(stage):
    stage.add("a")
    stage.upstream.will(GOOD)
    await events_of(ask(text="tides?"))
    (body,) = stage.upstream.bodies
    assert body["message"] == "[user]: tides?"
    assert body["modeId"] == "auto"
    assert stage.upstream.asked == ["a"]


async def test_the_better_pool_comes_first(stage):
    stage.add("poor", tier="super")
    stage.add("rich", tier="heavy")
    stage.upstream.will(GOOD, GOOD)
    await events_of(ask())
    await events_of(ask(model="grok-4.20-fast"))
    assert stage.upstream.asked == ["rich", "poor"]


async def test_reasoning_is_left_out_when_not_wanted(stage):
    stage.add("a")
    stage.upstream.will(thought("hm") + GOOD)
    found = await events_of(ask(reasoning=False))
    assert not [event for event in found if isinstance(event, ReasoningDelta)]
    assert found[-1].usage.reasoning_tokens == 0


async def test_a_stop_text_ends_the_answer_and_the_call(stage):
    stage.add("a")
    reply = Stream(said("one STOP two"), asyncio.Event())
    stage.upstream.will(reply)
    asked = ask(stop=("STOP",))
    async with asyncio.timeout(1):
        assert await text_of(asked) == "one "
    assert reply.closed
    assert stage.accounts.entry(1).inflight == 0
    assert reasons(asked) == [("acc_a", "ok")]


@pytest.mark.parametrize("bad", [429, 401, 503])
async def test_another_account_is_tried_before_any_output(stage, bad):
    stage.add("a", "b")
    stage.upstream.will(bad, GOOD)
    asked = ask()
    assert await text_of(asked) == "Hello"
    assert sorted(stage.upstream.asked) == ["a", "b"]
    assert [reason != "ok" for _, reason in reasons(asked)] == [True, False]
    assert [stage.accounts.entry(n).inflight for n in (1, 2)] == [0, 0]


@pytest.mark.parametrize(
    "first",
    [
        error("overloaded"),
        error("rate limit", 8),
        END,
        httpx.ConnectError("refused"),
    ],
    ids=["absent", "limited", "empty", "unreached"],
)
async def test_what_else_is_tried_again(stage, first):
    stage.add("a", "b")
    stage.upstream.will(first, GOOD)
    assert await text_of(ask()) == "Hello"


async def test_hidden_thoughts_are_no_output(stage):
    stage.add("a", "b")
    stage.upstream.will(Stream(thought("hm"), error()), GOOD)
    assert await text_of(ask(reasoning=False)) == "Hello"


@pytest.mark.parametrize("shown", [said("Hi"), thought("hm")], ids=["text", "thought"])
@pytest.mark.parametrize(
    ("then", "kind"),
    [
        (error("overloaded"), Kind.UPSTREAM_UNAVAILABLE),
        (error("slow down", 8), Kind.RATE_LIMITED),
        (httpx.ReadError("reset"), Kind.UPSTREAM_ERROR),
        (httpx.ReadTimeout("silence"), Kind.IDLE_TIMEOUT),
    ],
)
async def test_nothing_is_tried_again_after_output(stage, shown, then, kind):
    stage.add("a", "b")
    stage.upstream.will(Stream(shown, then), GOOD)
    failure = await failure_of(ask())
    assert failure.kind is kind
    assert len(stage.upstream.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Kind.UPSTREAM_REJECTED),
        (422, Kind.UPSTREAM_REJECTED),
        (404, Kind.UPSTREAM_ERROR),
        (500, Kind.UPSTREAM_ERROR),
        (401, Kind.UPSTREAM_UNAVAILABLE),
        (503, Kind.UPSTREAM_ERROR),
        (429, Kind.RATE_LIMITED),
    ],
)
async def test_the_kind_of_a_failure_without_another_account(stage, status, kind):
    stage.add("a")
    stage.upstream.will(status)
    asked = ask()
    failure = await failure_of(asked)
    assert failure.kind is kind
    assert len(stage.upstream.asked) == 1
    assert reasons(asked)[0][1] != "ok"
    assert bool(failure.retry_after_s) == (kind is Kind.RATE_LIMITED)


async def test_a_request_upstream_rejects_is_not_tried_elsewhere(stage):
    stage.add("a", "b")
    stage.upstream.will(400)
    assert (await failure_of(ask())).kind is Kind.UPSTREAM_REJECTED
    assert len(stage.upstream.asked) == 1


async def test_retries_are_limited_as_configured(stage):
    stage.add(*"abcde")
    stage.upstream.will(503, 503, 503)
    with config.override({"account.refresh.enabled": True, "retry.max_retries": 2}):
        failure = await failure_of(ask())
    assert failure.kind is Kind.UPSTREAM_ERROR
    assert len(set(stage.upstream.asked)) == 3


async def test_a_429_says_when_to_come_back(stage):
    stage.add("a")
    stage.upstream.will(httpx.Response(429, headers={"Retry-After": "40"}))
    with config.override({"features.auto_chat_mode_fallback": False}):
        failure = await failure_of(ask())
        again = await failure_of(ask())
    assert failure.kind is Kind.RATE_LIMITED
    assert 1 <= failure.retry_after_s <= 40
    assert again.kind is Kind.RATE_LIMITED
    assert 1 <= again.retry_after_s <= 40
    assert len(stage.upstream.asked) == 1


async def test_only_the_first_account_is_blamed(stage):
    stage.add("a", "b", "c")
    stage.upstream.will(*[httpx.Response(401, content=b"{}")] * 3)
    with config.override({"account.refresh.enabled": True, "retry.max_retries": 5}):
        assert (await failure_of(ask())).kind is Kind.UPSTREAM_UNAVAILABLE
    rows = [stage.accounts.entry(number).row for number in (1, 2, 3)]
    assert len(stage.upstream.asked) == 3
    assert [bool(row.unauthorized_at) for row in rows].count(True) == 1


async def test_a_dead_login_is_always_the_accounts_own_fault(stage):
    stage.add("a", "b")
    dead = httpx.Response(403, json={"message": "bad-credentials"})
    stage.upstream.will(dead, dead)
    assert (await failure_of(ask())).kind is Kind.UPSTREAM_UNAVAILABLE
    assert stage.accounts.counts()["expired"] == 2
    assert (await failure_of(ask())).kind is Kind.NO_ACCOUNT


async def test_no_account_at_all(stage):
    asked = ask()
    failure = await failure_of(asked)
    assert failure.kind is Kind.NO_ACCOUNT
    assert failure.retry_after_s is None
    assert asked.journal.attempts == []


async def test_all_accounts_busy(stage):
    stage.add("a")
    gate = asyncio.Event()
    stage.upstream.will(Stream(said("Hi"), gate, END))
    with config.override({"account.selection.max_inflight": 1}):
        first = turn.run(ask())
        while not await anext(first):
            pass
        failure = await failure_of(ask())
        await first.aclose()
    assert failure.kind is Kind.RATE_LIMITED
    assert failure.retry_after_s >= 1
    assert "busy" in failure.message


async def test_used_up_quota(stage):
    stage.add("a", tier="basic")
    stage.upstream.will(*[GOOD] * 30)
    quota = {"account.refresh.enabled": True, "account.selection.max_inflight": 8}
    with config.override(quota):
        for _ in range(30):
            await events_of(ask(model="grok-4.20-fast"))
        failure = await failure_of(ask(model="grok-4.20-fast"))
    assert failure.kind is Kind.RATE_LIMITED
    assert failure.retry_after_s > 60


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("nonsense", Kind.MODEL_NOT_FOUND),
        ("grok-imagine-video", Kind.UNSUPPORTED_MODEL),
    ],
)
async def test_models_that_cannot_answer(stage, model, kind):
    stage.add("a")
    failure = await failure_of(ask(model=model))
    assert (failure.kind, failure.param) == (kind, "model")
    assert stage.upstream.asked == []


@pytest.mark.parametrize("fallback", [True, False])
async def test_other_modes_when_auto_is_used_up(stage, fallback):
    stage.add("a")
    spent = httpx.Response(429, headers={"Retry-After": "4000"})
    stage.upstream.will(spent, GOOD)
    values = {"features.auto_chat_mode_fallback": fallback}
    with config.override(values):
        await failure_of(ask())
        if fallback:
            await events_of(ask(model=MODEL))
            assert stage.upstream.bodies[-1]["modeId"] == "fast"
        else:
            assert (await failure_of(ask())).kind is Kind.RATE_LIMITED


async def test_leaving_in_the_middle_frees_the_account_and_blames_no_one(stage):
    stage.add("a")
    reply = Stream(said("Hi"), asyncio.Event())
    stage.upstream.will(reply)
    running = turn.run(ask())
    while not await anext(running):
        pass
    before = stage.accounts.entry(1).row
    assert stage.accounts.entry(1).inflight == 1
    await running.aclose()
    assert stage.accounts.entry(1).inflight == 0
    assert stage.accounts.entry(1).row is before
    assert reply.closed


async def test_a_cancelled_turn_frees_the_account(stage):
    stage.add("a")
    reply = Stream(asyncio.Event())
    stage.upstream.will(reply)
    task = asyncio.create_task(events_of(ask()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stage.accounts.entry(1).inflight == 0
    assert reply.closed


async def test_a_proxied_mode_never_reaches_upstream(stage):
    stage.add("a", "b")
    with config.override({"proxy.egress.mode": "proxy_pool"}):
        failure = await failure_of(ask())
    assert failure.kind is Kind.EGRESS_UNAVAILABLE
    assert stage.upstream.asked == []
    assert stage.accounts.entry(1).inflight == stage.accounts.entry(2).inflight == 0


async def test_long_prompts_are_counted_too(stage):
    stage.add("a")
    stage.upstream.will(GOOD)
    asked = ask(text="word " * 10_000)
    await events_of(asked)
    assert asked.journal.usage is not None
    assert asked.journal.usage.prompt_tokens > 9_000


async def test_sources_are_no_output(stage):
    stage.add("a", "b")
    stage.upstream.will(Stream(searched("https://x.example"), error()), GOOD)
    assert await text_of(ask()) == "Hello"


async def test_sources_alone_are_an_empty_answer(stage):
    stage.add("a", "b")
    stage.upstream.will(searched("https://x.example") + END, GOOD)
    assert await text_of(ask()) == "Hello"


async def test_a_call_that_never_left_costs_no_quota(stage):
    stage.add("a")
    before = stage.accounts.entry(1).windows
    left = [window.remaining for window in before]
    with config.override({"proxy.egress.mode": "proxy_pool"}):
        await failure_of(ask())
    assert [w.remaining for w in stage.accounts.entry(1).windows] == left


async def test_the_time_of_upstream_is_never_negative(stage):
    stage.add("a", "b")
    pause = asyncio.Event()
    stage.upstream.will(Stream(b"\n", error()), Stream(pause, GOOD))
    asked = ask()
    asyncio.get_running_loop().call_later(0.01, pause.set)
    await events_of(asked)
    journal = asked.journal
    assert journal.asked is not None
    assert journal.first_event is not None
    assert journal.first_event >= journal.asked


async def test_an_attempt_that_was_cut_is_not_called_ok(stage):
    stage.add("a")
    stage.upstream.will(Stream(said("Hi"), asyncio.Event()))
    asked = ask()
    running = turn.run(asked)
    while not await anext(running):
        pass
    await running.aclose()
    assert reasons(asked) != [("acc_a", "ok")]
