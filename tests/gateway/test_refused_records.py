"""Refused requests in the request log: all of a kind, but never a flood."""

import pytest

from gateway.entry import Entry
from gateway.refusals import EACH_PER_MIN
from tests.gateway.asgi import Exchange, envelope, post
from tests.gateway.ground import END, MODEL, said
from tests.gateway.named_keys import ASK, WHOLE, asked, bearer, issue, uses

GOOD = said("Hello") + END
STATUS, CODE = 7, 8  # columns of a record


@pytest.fixture
def app(stage):
    stage.add("a", "b")
    return Entry()


async def test_refusals_of_a_key_are_counted_and_some_recorded(app, stage):
    issue(limits={"requests_per_day": 1})
    stage.upstream.will(GOOD)
    for _ in range(1 + EACH_PER_MIN * 2):
        await asked().through(app)
    assert sum(use.refused for use in uses(stage)) == EACH_PER_MIN * 2
    statuses = [record[STATUS] for record in stage.kept.records]
    assert statuses == [200] + [429] * EACH_PER_MIN


REFUSED = {
    "401": (Exchange("GET", "/v1/models"), 401, "invalid_api_key"),
    "401 with a body": (post(ASK), 401, "invalid_api_key"),
    "404": (Exchange("GET", "/v1/nothing"), 404, "unknown_url"),
    "405": (
        Exchange("PATCH", "/v1/models", headers=bearer()),
        405,
        "method_not_allowed",
    ),
    "413": (
        Exchange(
            "POST",
            "/v1/chat/completions",
            headers={**bearer(), "Content-Length": "99999999999"},
        ),
        413,
        "request_too_large",
    ),
    "403": (asked({**WHOLE, "model": "grok-4.20-fast"}), 403, "model_not_allowed"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refused_request_is_recorded(app, stage, case):
    issue(models=frozenset({MODEL}))
    asking, status, code = REFUSED[case]
    await asking.through(app)
    assert envelope(asking) == (status, code)
    (record,) = stage.kept.records
    assert (record[STATUS], record[CODE]) == (status, code)


async def test_a_flood_without_a_key_does_not_fill_the_table(app, stage):
    issue()
    for _ in range(200):
        await Exchange("GET", "/v1/models", client=("9.9.9.9", 1)).through(app)
    assert len(stage.kept.records) == EACH_PER_MIN
    await Exchange("GET", "/v1/models", client=("9.9.9.8", 1)).through(app)
    assert len(stage.kept.records) == EACH_PER_MIN + 1


async def test_probes_are_never_recorded(app, stage):
    for path in ("/health", "/readyz/nothing"):
        await Exchange("GET", path).through(app)
    assert stage.kept.records == []
