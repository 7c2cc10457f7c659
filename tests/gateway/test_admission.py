"""Named keys at the door: who is let in, how often, and what is noted of it."""

import asyncio
from typing import Any

import orjson
import pytest

from gateway.auth import Caller
from gateway.bodies import MIB
from gateway.entry import Entry
from gateway.keys import home
from grokgateway import config
from tests.gateway.asgi import Exchange, envelope, post
from tests.gateway.ground import END, MODEL, Stream, error, said
from tests.gateway.named_keys import ASK, KEY, PUBLIC, WHOLE, asked, bearer, issue, uses

OTHER = "gk-" + "o" * 43
GOOD = said("Hel") + said("lo") + END
STREAM = {**ASK, "stream": True}
BOTH = pytest.mark.parametrize("document", [STREAM, WHOLE], ids=["stream", "whole"])
STATUS, CODE, OWNER = 7, 8, 2  # columns of a record


@pytest.fixture
def app(stage):
    stage.add("a", "b")
    return Entry()


@pytest.mark.parametrize(
    "headers", [bearer(), {"x-api-key": KEY}, {"Authorization": "x", "x-api-key": KEY}]
)
@BOTH
async def test_a_named_key_opens_by_either_header(app, stage, headers, document):
    card = issue()
    stage.upstream.will(GOOD)
    asking = await post(document, headers=headers, client=PUBLIC).through(app)
    assert asking.status == 200
    (record,) = stage.kept.records
    assert record[OWNER] == card.fingerprint


async def test_a_key_of_the_configuration_opens_beside_it(app, stage):
    issue(limits={"requests_per_min": 1})
    stage.upstream.will(GOOD, GOOD)
    with config.override({"app.api_key": "sesame"}):
        for _ in range(2):
            asking = await asked(key="sesame").through(app)
            assert asking.status == 200
            assert not [name for name in asking.answered if "ratelimit" in name]
    assert uses(stage) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("key", [OTHER, "sesame", ""])
async def test_other_keys_do_not(app, method, key):
    issue()
    path = "/v1/models" if method == "GET" else "/v1/chat/completions"
    asking = await Exchange(method, path, b"{}", headers=bearer(key)).through(app)
    assert envelope(asking) == (401, "invalid_api_key")
    assert asking.answered["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("values", "word"),
    [({"enabled": False}, "disabled"), ({"expires_at": 1.0}, "expired")],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_key_that_is_over_is_told_so(app, values, word, method):
    issue(**values)
    path = "/v1/models" if method == "GET" else "/v1/chat/completions"
    asking = await Exchange(method, path, b"{}", headers=bearer()).through(app)
    assert envelope(asking) == (401, "invalid_api_key")
    assert word in asking.json["error"]["message"]


@pytest.mark.parametrize("values", [{}, {"enabled": False}])
async def test_any_named_key_closes_the_open_door(app, values):
    issue(**values)
    asking = await Exchange("GET", "/v1/models").through(app)
    assert envelope(asking) == (401, "invalid_api_key")


async def test_the_key_is_checked_before_the_body_is_read(app):
    issue()
    chunks = [b" " * MIB] * 4
    asking = Exchange("POST", "/v1/chat/completions", chunks, headers=bearer(OTHER))
    await asking.through(app)
    assert envelope(asking) == (401, "invalid_api_key")
    assert asking.received == 0


async def test_so_are_its_limits(app):
    card = issue(limits={"concurrent": 1})
    slot = home.ledger().enter(card)
    asking = Exchange("POST", "/v1/chat/completions", [b" "] * 4, headers=bearer())
    await asking.through(app)
    assert envelope(asking) == (429, "rate_limit_exceeded")
    assert asking.received == 0
    home.ledger().leave(slot, 0)


@BOTH
async def test_a_model_that_is_not_allowed(app, stage, document):
    issue(models=frozenset({"grok-4.20-fast"}))
    asking = await asked(document).through(app)
    assert envelope(asking) == (403, "model_not_allowed")
    assert asking.json["error"]["type"] == "permission_error"
    assert asking.json["error"]["param"] == "model"
    assert stage.upstream.asked == []


async def test_nor_are_its_tokens_counted(app):
    issue(models=frozenset({"grok-4.20-fast"}))
    document = {"model": MODEL, "input": "hi", "messages": ASK["messages"]}
    for path in ("/v1/responses/input_tokens", "/v1/messages/count_tokens"):
        asking = await asked(document, path=path).through(app)
        assert asking.status == 403


async def test_a_pool_that_is_not_allowed(app, stage):
    issue(pools=frozenset({"basic"}))
    assert envelope(await asked().through(app)) == (403, "model_not_allowed")


async def test_a_key_uses_accounts_of_its_pools_only(app, stage):
    stage.add("h", tier="heavy")
    issue(pools=frozenset({"heavy"}))
    stage.upstream.will(GOOD)
    assert (await asked().through(app)).status == 200
    assert stage.upstream.asked == ["h"]


@pytest.mark.parametrize(
    ("values", "listed"),
    [
        ({}, [MODEL, "grok-4.20-fast", "grok-imagine-video"]),
        ({"models": frozenset({"grok-4.20-fast"})}, ["grok-4.20-fast"]),
        ({"pools": frozenset({"basic", "heavy"})}, []),
        ({"models": frozenset({"gone"})}, []),
    ],
)
async def test_models_lists_what_the_key_may_use(app, values, listed):
    issue(**values)
    asking = await Exchange("GET", "/v1/models", headers=bearer()).through(app)
    assert [one["id"] for one in asking.json["data"]] == listed
    one = Exchange("GET", f"/v1/models/{MODEL}", headers=bearer())
    assert (await one.through(app)).status == (200 if MODEL in listed else 404)


@BOTH
async def test_requests_a_minute(app, stage, document):
    issue(limits={"requests_per_min": 2})
    stage.upstream.will(GOOD, GOOD)
    left = []
    for _ in range(2):
        asking = await asked(document).through(app)
        assert asking.status == 200
        left.append(asking.answered["x-ratelimit-remaining-requests"])
        assert asking.answered["x-ratelimit-limit-requests"] == "2"
        assert asking.answered["x-ratelimit-reset-requests"] == "1m0s"
    assert left == ["1", "0"]
    asking = await asked(document).through(app)
    assert envelope(asking) == (429, "rate_limit_exceeded")
    assert asking.json["error"]["type"] == "rate_limit_error"
    assert 1 <= int(asking.answered["retry-after"]) <= 60
    assert asking.answered["x-ratelimit-remaining-requests"] == "0"
    assert "x-ratelimit-limit-tokens" not in asking.answered


@BOTH
async def test_tokens_a_day(app, stage, document):
    card = issue(limits={"tokens_per_day": 3})
    stage.upstream.will(GOOD)
    asking = await asked(document).through(app)
    assert asking.answered["x-ratelimit-limit-tokens"] == "3"
    used = home.ledger().meter(card.id).tally(home.ledger().moment().day).used
    assert used.tokens >= 3
    asking = await asked(document).through(app)
    assert envelope(asking) == (429, "rate_limit_exceeded")
    assert asking.answered["x-ratelimit-remaining-tokens"] == "0"


async def test_anthropic_paths_get_the_names_of_their_dialect_too(app):
    card = issue(limits={"requests_per_min": 1})
    home.ledger().leave(home.ledger().enter(card), 0)
    asking = await asked(path="/v1/messages").through(app)
    assert asking.status == 429
    assert asking.answered["anthropic-ratelimit-requests-limit"] == "1"
    assert asking.answered["anthropic-ratelimit-requests-remaining"] == "0"
    assert asking.answered["anthropic-ratelimit-requests-reset"].endswith("Z")
    assert asking.answered["x-ratelimit-remaining-requests"] == "0"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models"),
        ("POST", "/v1/messages/count_tokens"),
        ("POST", "/v1/responses/input_tokens"),
        ("POST", "/v1/responses/input_tokens/"),
        ("DELETE", "/v1/responses/resp_1"),
    ],
)
async def test_what_asks_nothing_of_upstream_is_free(app, stage, method, path):
    card = issue(limits={"requests_per_day": 1, "concurrent": 1})
    for _ in range(3):
        asking = await Exchange(method, path, b"{}", headers=bearer()).through(app)
        assert asking.status != 429
        assert not [name for name in asking.answered if "ratelimit" in name]
    meter = home.ledger().meter(card.id)
    assert meter.tally(home.ledger().moment().day).used.requests == 0


ENDS: dict[str, list[Any]] = {  # replies of any kind
    "success": [GOOD],
    "upstream refuses": [400],
    "upstream breaks off": [Stream(said("Hi"), error())],
    "no account is good": [401, 401, 401, 401],
}


@BOTH
@pytest.mark.parametrize("end", ENDS)
async def test_the_place_is_given_back_however_it_ends(app, stage, document, end):
    card = issue(limits={"concurrent": 1})
    stage.upstream.will(*ENDS[end])
    await asked(document).through(app)
    assert home.ledger().meter(card.id).open == 0
    (use,) = uses(stage)
    assert use.requests == 1
    assert use.failed == (0 if end == "success" else 1)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"model": 3}'])
async def test_also_when_the_body_is_nonsense(app, stage, body):
    card = issue(limits={"concurrent": 1})
    path = "/v1/chat/completions"
    asking = await Exchange("POST", path, body, headers=bearer()).through(app)
    assert asking.status == 400
    assert home.ledger().meter(card.id).open == 0


async def test_also_when_the_client_leaves_while_sending(app, stage):
    card = issue(limits={"concurrent": 1})
    path, body = "/v1/chat/completions", b'{"mod'
    asking = Exchange("POST", path, body, headers=bearer(), leaves_in_body=True)
    await asking.through(app)
    assert home.ledger().meter(card.id).open == 0
    (record,) = stage.kept.records
    assert record[STATUS] == 499


@BOTH
async def test_also_when_the_client_leaves_while_listening(app, stage, document):
    card = issue(limits={"concurrent": 1})
    stage.upstream.will(Stream(said("Hi there"), asyncio.Event()))
    asking = asked(document)
    task = asyncio.create_task(asking.through(app))
    await stage.upstream.called.wait()
    await asyncio.sleep(0.01)
    assert home.ledger().meter(card.id).open == 1
    second = await asked(document).through(app)
    assert envelope(second) == (429, "rate_limit_exceeded")
    assert second.answered["retry-after"] == "1"
    asking.left.set()
    async with asyncio.timeout(1):
        await task
    assert home.ledger().meter(card.id).open == 0
    use = uses(stage)[-1]
    assert (use.requests, use.failed) == (1, 0)
    assert use.prompt_tokens > 0
    assert use.completion_tokens > 0  # what was said has its price


async def test_also_when_the_server_stops(app, stage):
    card = issue(limits={"concurrent": 1})
    stage.upstream.will(Stream(said("Hi"), asyncio.Event()))
    asking = asked(STREAM)
    task = asyncio.create_task(asking.through(app))
    await asking.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert home.ledger().meter(card.id).open == 0


class Eager(Exchange):
    """Asks again the moment it has everything."""

    app: Entry
    next: Exchange

    async def send(self, message):
        await super().send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.next = await asked(WHOLE).through(self.app)


@BOTH
async def test_the_place_is_free_before_the_last_byte_is_out(app, stage, document):
    issue(limits={"concurrent": 1})
    stage.upstream.will(GOOD, GOOD)
    path = "/v1/chat/completions"
    asking = Eager("POST", path, orjson.dumps(document), headers=bearer())
    asking.app = app
    await asking.through(app)
    assert asking.next.status == 200


async def test_use_is_handed_on_once(app, stage):
    card = issue()
    stage.upstream.will(GOOD)
    await asked(STREAM).through(app)
    (use,) = uses(stage)
    assert (use.key_id, use.requests, use.failed, use.refused) == (card.id, 1, 0, 0)
    assert use.prompt_tokens > 0
    assert use.completion_tokens > 0
    assert use.at == pytest.approx(home.ledger().moment().unix, abs=60)


async def test_a_list_of_models_is_a_use_that_costs_nothing(app, stage):
    issue()
    await Exchange("GET", "/v1/models", headers=bearer()).through(app)
    (use,) = uses(stage)
    assert (use.requests, use.refused, use.prompt_tokens) == (0, 0, 0)


def test_a_caller_without_a_card_has_no_limits():
    assert Caller("open").card is None
