"""The table of faults: its page is current, and no call that generates is missing."""

import json

import pytest

from tests import faults
from tests.house import ROOT

OTHERS = {  # they ask upstream for nothing
    "/v1/messages/count_tokens",
    "/v1/responses/compact",  # a whole chat call without a stream; as `responses`
    "/v1/responses/input_tokens",
    "/v1/responses/{response_id}/cancel",
}


def test_the_page_is_current():
    assert faults.PAGE.read_text() == faults.page(), "make snapshot"


@pytest.mark.parametrize("document", ["v1", "v1-anthropic"])
def test_every_call_that_generates_is_in_the_table(document):
    paths = json.loads((ROOT / f"docs/openapi/{document}.json").read_text())["paths"]
    made = {path for path, methods in paths.items() if "post" in methods} - OTHERS
    named = {f"/v1/{surface.name.partition(',')[0]}" for surface in faults.SURFACES}
    assert made <= named


def test_every_cell_is_once_in_the_table():
    told = [str(cell) for cell in faults.cells()]
    assert len(told) == len(set(told))
    assert {cell.fault for cell in faults.cells()} == set(faults.FAULTS)
    assert {cell.place for cell in faults.cells()} == set(faults.PLACES)
    assert {cell.phase for cell in faults.cells()} == set(faults.PHASES)


def test_the_page_shows_what_is_expected():
    lines = faults.page().splitlines()
    row = next(
        x for x in lines if x.startswith("| `messages, streamed` | the chat call")
    )
    assert "502 `upstream_error` | in the stream: `upstream_error`" in row
