import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from gateway import works
from grokgateway.console.jobs import words
from grokgateway.jobs.models import BatchJob, BatchState


def job(**values):
    return BatchJob(**{"kind": "refresh", "total": 10, "status": "running"} | values)


def after(seconds, **values):
    now = timezone.now()
    return words.pace(job(started_at=now - timedelta(seconds=seconds), **values), now)


def test_every_work_there_is_has_a_name():
    assert set(works.ALL) == set(words.KINDS)
    assert str(words.title(job(kind="from the future"))) == "from the future"


@pytest.mark.parametrize(
    ("enabled", "title"),
    [(True, "Switch adult content on"), (False, "Switch adult content off")],
)
def test_switching_says_in_which_direction(enabled, title):
    found = words.title(job(kind="nsfw", params={"enabled": enabled}))
    assert str(found) == title


@pytest.mark.parametrize(
    ("values", "mark", "text"),
    [
        ({"status": "waiting"}, "idle", "waiting"),
        ({}, "wait", "running"),
        ({"cancel_requested": True}, "wait", "stopping"),
        ({"status": "done", "ok": 10}, "good", "done"),
        ({"status": "done", "ok": 9, "fail": 1}, "wait", "done, some failed"),
        ({"status": "done", "fail": 10}, "bad", "done, some failed"),
        ({"status": "cancelled"}, "off", "cancelled"),
        ({"status": "error"}, "bad", "broken off"),
    ],
)
def test_states_have_a_word_and_a_shape(values, mark, text):
    assert words.state_badge(job(**values)) == (
        f'<span class="badge {mark}">{text}</span>'
    )


@pytest.mark.parametrize(
    ("seconds", "values", "told"),
    [
        (20, {"total": 4000, "processed": 100}, "5.0 a second, 13 minutes to go"),
        (20, {"total": 40, "processed": 10}, "30.0 a minute, 1 minute to go"),
        (10, {"total": 25, "processed": 20}, "2.0 a second, 2 seconds to go"),
        (10, {"total": 100_000, "processed": 20}, "2.0 a second, 14 hours to go"),
        (10, {"processed": 0}, ""),
        (0.5, {"processed": 5}, ""),
    ],
)
def test_pace(seconds, values, told):
    assert after(seconds, **values) == told


def test_scripts_know_each_state():
    told = json.loads(words.of_page())
    assert set(told["states"]) == set(told["marks"]) == set(BatchState.values)


def test_nobody_may_do_nothing():
    assert not words.may_see(AnonymousUser())
    assert not words.may_run(AnonymousUser())
    assert not words.may_repeat(AnonymousUser(), job())
