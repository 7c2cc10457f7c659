"""What names a session, and that its turns go to one account."""

import json

import pytest
from django.http import HttpRequest

from gateway.auth import OPEN, Caller
from gateway.entry import Entry
from gateway.routes.stickiness import HEADERS, MAX_CHARS, session_name, session_part
from tests.gateway.asgi import post
from tests.gateway.ground import END, MODEL, said

UUID = "2c4e1cf0-7a67-4d2e-9a4b-1d16d3f44752"


class Asking(HttpRequest):
    def __init__(self, caller=OPEN, **headers):
        super().__init__()
        self.auth = caller
        self.raw_headers = {
            name.replace("__", "-").encode(): value.encode()
            for name, value in headers.items()
        }


def named(*hints, caller=OPEN, **headers):
    return session_name(Asking(caller, **headers), *hints)


def test_without_a_name_there_is_no_session():
    assert named() == ""
    assert named(None, "", " ", 3, ["x"]) == ""
    assert named("x" * (MAX_CHARS + 1)) == ""


@pytest.mark.parametrize("header", HEADERS)
def test_every_header_names_the_same_session(header):
    asking = Asking()
    asking.raw_headers = {header: b"one"}
    assert session_name(asking) == named(x__session__id="one") != ""


def test_the_first_name_counts():
    both = named("key", x__session__id="one", session_id="two")
    assert both == named(x__session__id="one")
    assert named("key", "other") == named("key") != named("other")
    assert named("key", x__session__id=" ") == named("key")


def test_a_session_belongs_to_its_caller():
    mine, yours = Caller("key_mine"), Caller("key_yours")
    assert named("one", caller=mine) != named("one", caller=yours)


def test_the_name_itself_is_not_kept():
    assert UUID not in named(UUID)


@pytest.mark.parametrize(
    ("user_id", "session"),
    [
        (f"user_5dd0_account__session_{UUID}", UUID),
        (f"user_5dd0_account_8f2c_session_{UUID}", UUID),
        (json.dumps({"device_id": "d", "account_uuid": "", "session_id": UUID}), UUID),
        (json.dumps({"device_id": "d", "session_id": None}), ""),
        ('{"session_id": ', ""),
        ("[1]", ""),
        ("user-17", ""),
        ("user_x_session_", ""),
        ("x" * MAX_CHARS + f"_session_{UUID}", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_only_a_session_part_of_the_user_id_counts(user_id, session):
    assert session_part(user_id) == session


@pytest.mark.parametrize(
    ("members", "headers"),
    [
        ({"prompt_cache_key": "one"}, {}),
        ({"prompt_cache_key": None}, {"x-session-id": "one"}),
        ({"prompt_cache_key": {}}, {"session_id": "one"}),
    ],
)
async def test_turns_of_a_session_go_to_one_account(stage, members, headers):
    stage.add("a", "b", "c", "d")
    document = {
        "model": MODEL,
        "stream": False,
        "messages": [{"role": "user", "content": "hi"}],
        **members,
    }
    stage.upstream.will(*[said("x") + END] * 12)
    for _turn in range(12):
        asking = await post(document, headers=headers).through(Entry())
        assert asking.status == 200
    assert len(set(stage.upstream.asked)) == 1
