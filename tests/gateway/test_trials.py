"""A message that an operator sends: by the way of `/v1`, counted and recorded."""

from datetime import UTC, datetime

from gateway import trials
from gateway.trials import Order
from tests.gateway.ground import END, MODEL, said, thought
from tests.gateway.named_keys import issue, uses

GOOD = thought("hm") + said("Hel") + said("lo") + END


async def test_the_answer_with_who_gave_it_and_how_long_it_took(stage):
    stage.add("a")
    stage.upstream.will(GOOD)
    found = await trials.send(Order(MODEL, "hi"))
    assert (found.completion.text, found.completion.reasoning) == ("Hello", "hm")
    assert found.error is None
    assert [one.account for one in found.journal.attempts] == ["acc_a"]
    assert found.journal.first_byte is not None
    assert found.total_ms > 0


async def test_it_is_recorded_under_its_own_name(stage):
    stage.add("a")
    stage.upstream.will(GOOD)
    found = await trials.send(Order(MODEL, "hi"))
    (row,) = stage.kept.records
    assert row[0] == found.journal.request_id
    assert row[2:5] == ("console", "/admin/try", MODEL)


async def test_it_counts_for_the_key_and_gives_its_place_back(stage):
    stage.add("a")
    stage.upstream.will(GOOD, GOOD)
    card = issue(limits={"concurrent": 1})
    for _ in range(2):
        found = await trials.send(Order(MODEL, "hi", card))
        assert found.error is None
    (use, _second) = uses(stage)
    assert (use.requests, use.failed) == (1, 0)
    assert use.prompt_tokens > 0
    assert stage.kept.records[0][2] == card.fingerprint


async def test_a_key_over_its_limit_is_refused_as_it_would_be(stage):
    stage.add("a")
    stage.upstream.will(GOOD)
    card = issue(limits={"requests_per_day": 1})
    await trials.send(Order(MODEL, "hi", card))
    found = await trials.send(Order(MODEL, "hi", card))
    assert (found.journal.status, len(stage.upstream.asked)) == (429, 1)
    assert uses(stage)[-1].refused == 1


async def test_what_a_key_may_not_is_a_result_and_asks_nobody(stage):
    stage.add("a")
    cards = {
        401: issue(enabled=False),
        403: issue(models=frozenset({"other"})),
    }
    for status, card in cards.items():
        found = await trials.send(Order(MODEL, "hi", card))
        assert (found.journal.status, found.completion.text) == (status, "")
    assert not stage.upstream.asked
    expired = issue(expires_at=datetime(2020, 1, 1, tzinfo=UTC).timestamp())
    assert (await trials.send(Order(MODEL, "hi", expired))).journal.status == 401


async def test_an_upstream_failure_names_who_was_tried(stage):
    stage.add("a", "b")
    stage.upstream.will(429, 429)
    found = await trials.send(Order(MODEL, "hi"))
    assert found.error is not None
    assert {one.account for one in found.journal.attempts} == {"acc_a", "acc_b"}


async def test_models_that_need_more_than_a_text_are_refused(stage):
    found = await trials.send(Order("no-such-model", "hi"))
    assert found.journal.status == 404
