"""What a database refuses to look for is a bad request."""

import pytest
from django.contrib.auth import get_user_model
from django.db import DataError

from accounts.admin import AccountAdmin


@pytest.mark.parametrize(("failure", "status"), [(DataError, 400), (KeyError, 500)])
def test_only_bad_data_is_the_callers_fault(client, db, monkeypatch, failure, status):
    def failing(*_args, **_more):
        raise failure("a\0b")

    monkeypatch.setattr(AccountAdmin, "get_queryset", failing)
    client.force_login(get_user_model().objects.create_superuser("ann"))
    client.raise_request_exception = False
    assert client.get("/admin/accounts/account/").status_code == status
