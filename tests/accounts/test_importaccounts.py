import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from tests.factories import make_account, make_token

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def tokens(tmp_path):
    path = tmp_path / "tokens.txt"
    path.write_text("aaa\nbbb\n")
    return str(path)


def run(*args):
    out = io.StringIO()
    try:
        call_command("importaccounts", *args, stdout=out)
    except CommandError as exc:
        return exc.returncode, out.getvalue(), str(exc)
    return 0, out.getvalue(), ""


def test_it_prints_counts(tokens):
    code, out, _ = run(tokens, "--pool", "super", "--tag", "x", "--tag", "y")
    assert code == 0
    assert "added: 2" in out
    assert Account.objects.earliest("id").tags == ["x", "y"]


def test_it_reads_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"heavy":["a"]}')))
    assert run("-")[0] == 0
    assert Account.objects.get().pool == "heavy"


def test_rejected_lines_are_shown_masked_and_the_rest_is_imported(tmp_path):
    secret = make_token()
    path = tmp_path / "mixed.txt"
    path.write_text(f"aaa\nx={secret}\n")
    code, out, _ = run(str(path))
    assert code == 1
    assert "rejected: 1" in out
    assert "line 2: " in out
    assert secret not in out
    assert Account.objects.count() == 1


def test_json_output_is_json(tokens):
    report = json.loads(run(tokens, "--json")[1])
    assert (report["added"], report["rejected"]) == (2, [])


@pytest.mark.parametrize(
    "args",
    [
        ["/nowhere/at/all"],
        ["--pool", "gold", "x"],
        ["FILE", "--replace"],
        ["FILE", "--tag", "x" * 65],
    ],
)
def test_wrong_usage(args, tokens):
    args = [tokens if arg == "FILE" else arg for arg in args]
    code, _, text = run(*args)
    assert code == 2 or "invalid choice" in text
    assert not Account.objects.exists()


def live():
    return Account.objects.filter(deleted_at=None).count()


@pytest.mark.parametrize("confirm", [[], ["--confirm", "2"], ["--confirm", "0"]])
def test_replacing_without_the_right_number_changes_nothing(tokens, confirm):
    make_account(pool="super")
    code, _, text = run(tokens, "--pool", "super", "--replace", *confirm)
    assert code == 2
    assert "--confirm 1" in text
    assert Account.objects.count() == live() == 1


def test_replacing_with_the_right_number(tokens):
    make_account(pool="super")
    other = make_account(pool="heavy")
    code, out, _ = run(tokens, "--pool", "super", "--replace", "--confirm", "1")
    assert (code, live()) == (0, 3)
    assert "deleted: 1" in out
    other.refresh_from_db()
    assert other.deleted_at is None


def test_replacing_nothing_needs_no_number(tokens):
    assert run(tokens, "--pool", "super", "--replace")[0] == 0


@pytest.mark.parametrize(("answer", "code"), [("1\n", 0), ("yes\n", 2), ("2\n", 2)])
def test_a_terminal_is_asked(tokens, monkeypatch, answer, code):
    make_account(pool="super")
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert run(tokens, "--pool", "super", "--replace")[0] == code
