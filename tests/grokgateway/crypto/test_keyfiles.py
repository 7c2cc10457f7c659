import base64
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from grokgateway.crypto import BadKey, KeysMissing, ensure_keys, keyfiles

KEY = bytes(range(224, 256))
TEXT = base64.b64encode(KEY).decode()


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.rstrip("="),
        f"  {TEXT} ",
        f"{TEXT},",
        base64.urlsafe_b64encode(KEY).decode(),
    ],
)
def test_a_key_is_read_in_every_usual_form(text):
    assert keyfiles.parse_keys(text, origin="X") == [KEY]


def test_the_order_of_keys_is_kept():
    other = base64.b64encode(bytes(32)).decode()
    assert keyfiles.parse_keys(f"{other}, {TEXT}", origin="X") == [bytes(32), KEY]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("c2hvcnQ=", "X: key 1 holds 5 bytes"),
        (f"{TEXT},not*base64", "X: key 2 is not base64"),
        (f"{TEXT},{TEXT}", "X: Key 2 repeats"),
    ],
)
def test_a_bad_key_is_named_and_never_shown(text, reason):
    with pytest.raises(BadKey, match=reason) as caught:
        keyfiles.parse_keys(text, origin="X")
    assert not any(part in str(caught.value) for part in text.split(","))
    assert caught.value.__cause__ is None


def test_the_first_key_is_made_for_the_owner_alone(tmp_path):
    keys, made = ensure_keys(tmp_path, lambda: False)

    assert made
    assert keyfiles.stored_keys(tmp_path) == keys
    assert mode(tmp_path / "credential_keys") == 0o600
    assert ensure_keys(tmp_path, pytest.fail) == (keys, False)


def test_no_key_is_made_over_encrypted_rows(tmp_path):
    with pytest.raises(KeysMissing, match="restore"):
        ensure_keys(tmp_path, lambda: True)
    assert not list(tmp_path.iterdir())


def test_processes_that_start_at_once_agree_on_the_keys(tmp_path):
    with ThreadPoolExecutor(16) as executor:
        runs = [
            executor.submit(ensure_keys, tmp_path, lambda: False) for _ in range(16)
        ]
    results = [run.result() for run in runs]
    assert len({tuple(keys) for keys, _ in results}) == 1
    assert sum(made for _, made in results) == 1


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path):
    with ThreadPoolExecutor(16) as executor:
        runs = [executor.submit(keyfiles.ensure_secret, tmp_path) for _ in range(16)]
    secrets = {run.result() for run in runs}
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 50
    assert mode(tmp_path / "secret_key") == 0o600


def test_it_waits_for_a_writer_and_not_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(keyfiles, "WRITER_WAIT_S", 0.0)
    (tmp_path / "secret_key").touch()
    with pytest.raises(BadKey, match="is empty"):
        keyfiles.ensure_secret(tmp_path)


def test_a_key_file_without_a_key_is_refused(tmp_path):
    (tmp_path / "credential_keys").write_text(",\n")
    with pytest.raises(BadKey, match="holds no key"):
        keyfiles.stored_keys(tmp_path)


def test_a_key_file_may_hold_several_lines(tmp_path):
    other = base64.b64encode(bytes(32)).decode()
    (tmp_path / "credential_keys").write_text(f"{other}\n{TEXT}\n")
    assert keyfiles.stored_keys(tmp_path) == [bytes(32), KEY]
