"""Addresses below the operators' API that are none of it answer as the API does."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["", "/no-such", "/tokens/", "/../login/x"])
def test_they_are_not_found_in_json(client, method, path):
    client.handler.enforce_csrf_checks = True
    answer = client.generic(method, f"/admin/api{path}", "{}")
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["code"], error["type"]) == ("not_found", "invalid_request_error")
