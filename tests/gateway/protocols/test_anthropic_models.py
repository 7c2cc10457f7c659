"""The model list in the Anthropic shape."""

import pytest
from anthropic.types import ModelInfo

from gateway.errors import GatewayError, Kind
from gateway.protocols.anthropic_models import Page, card_body, listing, page
from gateway.protocols.base import Card

CREATED = 1_773_014_400
CARDS = [Card(name, name.upper()) for name in "abcde"]


def shown(**wanted):
    body = listing(CARDS, CREATED, Page(**wanted))
    return "".join(one["id"] for one in body["data"]), body["has_more"]


def test_an_item_is_of_the_sdks_type():
    body = card_body(CARDS[0], CREATED)
    assert body == {
        "type": "model",
        "id": "a",
        "display_name": "A",
        "created_at": "2026-03-09T00:00:00Z",
        "lifecycle": "active",
    }
    ModelInfo.model_validate(body)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ("abcde", False)),
        ({"limit": 2}, ("ab", True)),
        ({"limit": 5}, ("abcde", False)),
        ({"after_id": "b"}, ("cde", False)),
        ({"after_id": "b", "limit": 2}, ("cd", True)),
        ({"after_id": "e"}, ("", False)),
        ({"before_id": "d"}, ("abc", False)),
        ({"before_id": "d", "limit": 2}, ("bc", True)),
        ({"before_id": "a"}, ("", False)),
        ({"after_id": "a", "before_id": "e"}, ("bcd", False)),
        ({"after_id": "d", "before_id": "b"}, ("", False)),
    ],
)
def test_pages(wanted, expected):
    assert shown(**wanted) == expected


def test_the_ends_of_a_page_are_named():
    body = listing(CARDS, CREATED, Page(limit=2))
    assert (body["first_id"], body["last_id"]) == ("a", "b")
    body = listing([], CREATED, Page())
    assert body == {"data": [], "has_more": False, "first_id": None, "last_id": None}


def test_a_page_is_read_from_the_query():
    assert page({"beta": "true"}) == Page()
    assert page({"limit": "", "after_id": ""}) == Page()
    assert page({"limit": "7", "after_id": "b"}) == Page(7, "", "b")


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "x", "1.5", "\u0663", "9" * 99])
def test_a_bad_limit_is_refused(limit):
    with pytest.raises(GatewayError) as caught:
        page({"limit": limit})
    assert (caught.value.kind, caught.value.param) == (Kind.INVALID_VALUE, "limit")


@pytest.mark.parametrize("name", ["before_id", "after_id"])
def test_an_unknown_id_is_refused(name):
    with pytest.raises(GatewayError) as caught:
        shown(**{name: "z"})
    assert (caught.value.kind, caught.value.param) == (Kind.INVALID_VALUE, name)
