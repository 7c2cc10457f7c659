"""The file, and `manage.py replay`."""

import io

import orjson
import pytest
from django.core.management import call_command

from gateway.captures import document, making
from gateway.captures.document import Unreadable, loaded
from gateway.tape import Heard
from tests.gateway.captures.test_replay import taped

TURN = b'{"result":{"response":{"token":"Hello.","messageTag":"final"}}}\n'


@pytest.fixture
def written():
    about = {"gateway": "0.9.0", "at": "now", "endpoint": "/v1/x", "status": 200}
    return document.dumped(making.made(taped(TURN), "req_1", about))


def replay(path, *options):
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("replay", str(path), *options, stdout=out, stderr=err)
    return left.value.code, out.getvalue(), err.getvalue()


def changed(written, **members):
    return orjson.dumps({**orjson.loads(written), **members})


def test_the_same_bytes(written, tmp_path):
    path = tmp_path / "capture.json"
    path.write_bytes(written)
    code, told, _ = replay(path)
    assert code == 0
    assert "The same bytes." in told
    assert "Encoded by openai_chat, stream" in told
    assert "Decoded to 1 TextDelta, 1 Finished" in told or "TextDelta" in told


def test_every_step_is_shown(written, tmp_path):
    path = tmp_path / "capture.json"
    path.write_bytes(written)
    _, told, _ = replay(path, "--show")
    assert "asked rest" in told
    assert "TextDelta(text='Xxxxx.')" in told
    assert '"content":"Xxxxx."' in told


def test_other_bytes_are_told_with_the_first_difference(written, tmp_path):
    path = tmp_path / "capture.json"
    sent = orjson.loads(written)["sent"]
    path.write_bytes(changed(written, sent=sent.replace("Xxxxx.", "Yxxxx.")))
    code, told, _ = replay(path)
    assert code == 1
    at = sent.index("Xxxxx.")
    assert f"Encoded differently from byte {at} on" in told


def test_another_judgement_is_told(written, tmp_path):
    body = orjson.loads(written)
    failed = {"step": "failed", "fault": "server", "cause": "challenged", "status": 200}
    body["steps"].append({**failed, "headers": [], "body": ""})
    path = tmp_path / "capture.json"
    path.write_bytes(orjson.dumps(body))
    code, told, _ = replay(path)
    assert code == 1
    assert "Decoded differently: no failure in place of challenged." in told


def test_doubts_are_told(written, tmp_path):
    path = tmp_path / "capture.json"
    path.write_bytes(changed(written, faithful=False, alike=False, cut=True))
    code, told, _ = replay(path)
    assert code == 0
    assert "did not give the bytes" in told
    assert "goes another way" in told
    assert "only its beginning" in told


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda raw: b"{", "not JSON"),
        (lambda raw: b"[]", "not a capture"),
        (lambda raw: changed(raw, version=2), "use a newer one"),
        (lambda raw: changed(raw, version="x"), "use a newer one"),
        (lambda raw: changed(raw, steps=[{"step": "flown"}]), "damaged: KeyError"),
        (lambda raw: changed(raw, steps=[{"step": "heard"}]), "damaged: TypeError"),
        (lambda raw: changed(raw, sent={"base64": "%"}), "damaged: ValueError"),
        (lambda raw: changed(raw, shape=None), "damaged: Attribute"),
        (lambda raw: changed(raw, recipe={"id": 1}), "damaged: TypeError"),
    ],
)
def test_what_cannot_be_read_is_refused(written, tmp_path, damage, told):
    path = tmp_path / "capture.json"
    path.write_bytes(damage(written))
    code, _, said = replay(path)
    assert code == 2
    assert told in said


def test_a_missing_file_is_told(tmp_path):
    code, _, said = replay(tmp_path / "none.json")
    assert (code, "cannot be read" in said) == (2, True)


def test_a_huge_file_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "capture.json"
    path.write_bytes(b"x" * 100)
    monkeypatch.setattr("gateway.management.commands.replay.MOST_BYTES", 10)
    assert replay(path)[0] == 2


def test_bytes_that_are_no_text_are_kept_as_they_are():
    raw = TURN.replace(b"Hello", b"H\xc3\xa9llo")
    tape = taped(raw, size=1, words=True)
    again = loaded(document.dumped(making.made(tape, "r", {})))
    heard = [step.data for step in again.tape.steps if isinstance(step, Heard)]
    assert b"".join(heard) == raw


def test_members_that_are_not_known_yet_are_passed_over(written):
    body = orjson.loads(written)
    body["shape"]["mood"] = "good"
    assert loaded(orjson.dumps(body)).request_id == "req_1"
    with pytest.raises(Unreadable):
        loaded(b'{"format":"grok-gateway-capture"}')
