import pytest

from gateway.protocols import openai_responses_ids as ids


def test_an_items_id_leads_to_its_response():
    response_id = ids.new_response_id()
    assert ids.is_response_id(response_id)
    for ordinal in (0, 7, ids.INPUT_ORDINALS, 0x1FFFF):
        assert ids.response_of(ids.item_id("msg", response_id, ordinal)) == response_id


def test_ids_are_never_the_same():
    one, other = ids.new_response_id(), ids.new_response_id()
    made = {ids.item_id("fc", r, n) for r in (one, other) for n in range(3)}
    calls = {ids.call_id(r, n) for r in (one, other) for n in range(3)}
    assert len(made) == len(calls) == 6


@pytest.mark.parametrize("text", ["", "msg_1", "msg_" + "g" * 36, "rs_" + "0" * 32])
def test_items_made_elsewhere_lead_nowhere(text):
    assert ids.response_of(text) == ""


@pytest.mark.parametrize("text", ["", "resp_1", "resp_" + "A" * 32, "msg_" + "0" * 32])
def test_other_ids_are_no_ids_of_responses(text):
    assert not ids.is_response_id(text)
