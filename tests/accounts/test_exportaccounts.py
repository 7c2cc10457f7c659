import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command

from accounts import imports
from accounts.documents import Defaults, parse
from accounts.models import Account
from tests.factories import make_account

pytestmark = pytest.mark.django_db
SECRET = "verysecrettoken-verysecrettoken"
MASK = "veryse\u2026oken"


@pytest.fixture(autouse=True)
def account():
    make_account(pool="heavy", deleted_at="2026-01-01T00:00:00Z")
    return make_account(token=SECRET, pool="super", tags=["=x"], note="+1 of May")


def run(*args):
    out = io.StringIO()
    call_command("exportaccounts", *args, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["json", "text", "csv"])
def test_tokens_stay_hidden(kind, account):
    out = run("--format", kind)
    assert account.public_id in out
    assert SECRET not in out
    assert (MASK in out) == (kind != "csv")


@pytest.mark.parametrize("kind", ["json", "text"])
def test_clear_exports_can_be_imported_again(kind):
    parsed = parse(run("--format", kind, "--secrets"), Defaults("super"))
    assert not parsed.rejected
    assert imports.add(parsed).unchanged == 1


@pytest.mark.parametrize("kind", ["json", "text"])
def test_masked_exports_cannot(kind):
    make_account(token="short")
    parsed = parse(run("--format", kind), Defaults("super"))
    assert not parsed.entries
    assert len(parsed.rejected) == 2


def test_the_shape_of_both_json_forms(account):
    assert json.loads(run("--secrets")) == {
        "super": [{"token": SECRET, "tags": ["=x"]}]
    }
    masked = {"id": account.public_id, "token": MASK, "tags": ["=x"]}
    assert json.loads(run("--json")) == {"super": [masked]}


def test_csv_cells_are_no_formulas():
    (row,) = csv.DictReader(io.StringIO(run("--format", "csv")))
    assert (row["pool"], row["tags"], row["last_use_at"]) == ("super", "'=x", "")
    assert row["note"] == "'+1 of May"


def test_filters():
    disabled = make_account(pool="basic", status="disabled")
    assert disabled.public_id in run("--pool", "basic", "--format", "text")
    assert json.loads(run("--status", "active", "--pool", "basic")) == {}


def test_csv_with_secrets_is_refused():
    with pytest.raises(CommandError) as caught:
        run("--format", "csv", "--secrets")
    assert caught.value.returncode == 2


def test_a_clear_export_leaves_a_trace_without_tokens(caplog):
    run("--secrets")
    assert "1 accounts in clear" in caplog.text
    assert SECRET not in caplog.text


def test_undecipherable_accounts_are_left_out_and_counted():
    lost = make_account()
    Account.objects.filter(pk=lost.pk).update(token_ciphertext=b"damaged")
    assert lost.public_id in run("--format", "text")
    with pytest.raises(CommandError, match="1 accounts left out") as caught:
        run("--secrets")
    assert caught.value.returncode == 1
