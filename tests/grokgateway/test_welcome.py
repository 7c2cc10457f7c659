import pytest

from accounts.models import Account
from grokgateway.serving import welcome


@pytest.mark.django_db
def test_an_empty_gateway_is_told_where_to_begin(tmp_path):
    hint = welcome.hint("http://127.0.0.1:8000", tmp_path)
    assert "http://127.0.0.1:8000/admin" in hint
    assert "importaccounts" in hint
    assert "make demo" in hint


@pytest.mark.django_db
def test_there_is_nothing_to_say_once_there_is_an_account(tmp_path):
    Account.objects.create(
        public_id="a", token_hash="h", token_ciphertext=b"c", pool="basic"
    )
    assert welcome.hint("http://127.0.0.1:8000", tmp_path) == ""


@pytest.mark.django_db
def test_an_old_installation_beside_us_is_pointed_out(tmp_path):
    (tmp_path / "accounts.db").touch()
    assert f"import_grok2api {tmp_path}" in welcome.hint("http://x", tmp_path)
