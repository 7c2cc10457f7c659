"""What is noted of a request, and how it reaches its table."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from gateway import recorder
from gateway.conversation.events import Usage
from gateway.models import RequestRecord
from gateway.recorder import COLUMNS, Attempt, Journal
from gateway.tally_tables import Tally

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def finished(**overrides):
    journal = Journal("req_1", "/v1/chat/completions", model="m", key="key_1")
    journal.status = 200
    for name, value in overrides.items():
        setattr(journal, name, value)
    return journal


@pytest.fixture
def stored(stage, django_db_setup, db):
    """Record journals and give back their rows as stored."""

    def store(*journals):
        for journal in journals:
            recorder.record(journal)
        recorder.save_records(stage.kept.records)
        return list(RequestRecord.objects.order_by("id"))

    return store


def test_all_that_is_noted_is_stored(stored):
    journal = finished(
        attempts=[
            Attempt("acc_a", "auto", "rate_limited"),
            Attempt("acc_b", "fast", "ok"),
        ],
        streamed=True,
        usage=Usage(11, 7, 2),
        sent_bytes=321,
        error_code="upstream_error",
    )
    journal.first_byte = journal.began + 0.25
    (row,) = stored(journal)
    assert (row.request_id, row.key, row.model) == ("req_1", "key_1", "m")
    assert row.endpoint == "/v1/chat/completions"
    assert row.started_at == journal.started_at
    assert row.account == "acc_b"
    assert [
        {name: one[name] for name in ("account", "mode", "reason")}
        for one in row.attempts
    ] == [
        {"account": "acc_a", "mode": "auto", "reason": "rate_limited"},
        {"account": "acc_b", "mode": "fast", "reason": "ok"},
    ]
    assert (row.status, row.error_code, row.streamed) == (200, "upstream_error", True)
    assert row.first_token_ms == pytest.approx(250)
    assert (row.prompt_tokens, row.completion_tokens) == (11, 7)
    assert row.sent_bytes == 321


def test_an_attempt_tells_when_how_long_and_why_this_account(stored):
    journal = finished()
    for start, grounds in ((0.1, {"chosen": "quota", "left": 3}), (0.4, {})):
        attempt = journal.attempt("acc", "auto", grounds)
        attempt.asked = journal.began + start
    (row,) = stored(journal)
    first, second = row.attempts
    assert (first["at_ms"], first["took_ms"]) == (100, 300)
    assert (first["chosen"], first["left"]) == ("quota", 3)
    assert second["at_ms"] == 400
    assert "chosen" not in second


@pytest.mark.parametrize(
    ("attempts", "model"), [([Attempt("acc_a", "auto", "ok")], "m"), ([], "")]
)
def test_a_model_is_tallied_once_an_account_was_asked(stored, attempts, model):
    stored(finished(attempts=attempts))
    assert set(Tally.objects.values_list("model", "requests")) == {(model, 1)}


def test_a_request_that_never_reached_an_account(stored):
    (row,) = stored(finished(status=404))
    assert (row.account, row.attempts, row.first_token_ms) == ("", [], None)
    assert (row.prompt_tokens, row.completion_tokens) == (0, 0)


@pytest.mark.parametrize(("status", "lines"), [(200, 0), (404, 0), (429, 0), (502, 1)])
def test_what_failed_on_our_side_is_one_log_line(stored, caplog, status, lines):
    caplog.set_level("INFO", "gateway.recorder")
    attempts = [Attempt("acc_a", "auto", "challenge"), Attempt("acc_b", "fast")]
    stored(finished(status=status, error_code="upstream_error", attempts=attempts))
    assert [one.getMessage() for one in caplog.records] == [
        "request req_1 failed with 502 upstream_error; "
        "asked: acc_a challenge, acc_b cut"
    ] * lines


def test_long_texts_are_cut_to_their_columns(stored):
    (row,) = stored(finished(model="m" * 500, endpoint="/v1/models/" + "x" * 500))
    assert (len(row.model), len(row.endpoint)) == (128, 64)


def test_a_key_in_a_path_that_leads_nowhere_is_not_stored(stored):
    key = "gk-" + "s" * 43
    (row,) = stored(finished(status=404, endpoint=f"/v1/models/{key}"))
    assert row.endpoint == "/v1/models/***"


def test_the_total_time_ends_with_the_recording(stored):
    (row,) = stored(finished(began=time.perf_counter() - 2))
    assert row.total_ms == pytest.approx(2000, abs=500)


def test_a_row_the_database_refuses_does_not_hold_up_the_others(stored, caplog):
    bad = finished(request_id="req_bad", endpoint="/v1/models/\ud800")
    rows = stored(finished(request_id="a"), bad, finished(request_id="b"))
    assert [row.request_id for row in rows] == ["a", "b"]
    assert "dropped" in caplog.text
    assert "models" not in caplog.text


def test_no_caller_keeps_a_request_out_of_the_log(stored):
    (row,) = stored(finished(endpoint="/v1/a\0b", model="m\0"))
    assert (row.endpoint, row.model) == ("/v1/ab", "m")


def test_many_rows_at_once(stored):
    assert len(stored(*[finished() for _ in range(700)])) == 700


@pytest.mark.parametrize(
    ("days", "left"), [(1, ["new"]), (10, ["new", "old"]), (0, ["new", "old"])]
)
def test_old_records_go(stored, days, left):
    stored(
        finished(request_id="new", started_at=NOW - timedelta(hours=23)),
        finished(request_id="old", started_at=NOW - timedelta(days=2)),
    )
    assert recorder.purge(days, NOW) == 2 - len(left)
    names = RequestRecord.objects.order_by("id").values_list("request_id", flat=True)
    assert list(names) == left


def parts(journal):
    pairs = (one.split(";dur=") for one in journal.server_timing().split(", "))
    return {name: float(value) for name, value in pairs}


def test_the_time_to_the_first_event_is_divided():
    journal = finished(began=time.perf_counter() - 1.0)
    journal.leased = journal.began + 0.1
    journal.asked = journal.began + 0.3
    journal.first_event = journal.began + 0.9
    found = parts(journal)
    assert found["choose"] == pytest.approx(200)
    assert found["upstream"] == pytest.approx(600)
    assert found["own"] == pytest.approx(200, abs=50)


def test_timing_of_a_request_that_got_nowhere():
    found = parts(finished())
    assert found["choose"] == found["upstream"] == 0
    assert found["own"] >= 0


def test_every_column_exists():
    names = {field.name for field in RequestRecord._meta.fields}
    assert names - set(COLUMNS) == {"id"}
