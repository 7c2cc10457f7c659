"""What the console shows of the gateway's own tables."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model

from gateway.models import StoredResponse


@pytest.fixture
def console(client, db):
    user = get_user_model().objects.create_superuser("operator")
    client.force_login(user)
    return client


@pytest.fixture
def response_row(db):
    return StoredResponse.objects.create(
        public_id="resp_1",
        owner="key_a",
        model="grok-4.20-auto",
        status="completed",
        sealed=b"sealed words",
        created_at=datetime(2026, 6, 1, tzinfo=UTC),
    )


def test_stored_responses_are_listed_without_their_content(console, response_row):
    listed = console.get("/admin/gateway/storedresponse/").content.decode()
    assert "resp_1" in listed
    assert "key_a" in listed
    path = f"/admin/gateway/storedresponse/{response_row.pk}/change/"
    shown = console.get(path).content.decode()
    assert "resp_1" in shown
    assert "sealed" not in shown


def test_a_stored_response_can_be_deleted_but_not_made(console, response_row):
    assert console.get("/admin/gateway/storedresponse/add/").status_code == 403
    path = f"/admin/gateway/storedresponse/{response_row.pk}/delete/"
    console.post(path, {"post": "yes"})
    assert not StoredResponse.objects.exists()
