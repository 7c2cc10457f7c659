"""What the list of accounts shows at a glance."""

import pytest
from django.contrib.auth.models import User

from tests.factories import make_account


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "shape"),
    [
        ("active", "good"),
        ("cooling", "wait"),
        ("expired", "bad"),
        ("disabled", "off"),
    ],
)
def test_a_state_is_told_by_word_and_shape(client, status, shape):
    make_account(status=status)
    client.force_login(User.objects.create_superuser("root", password="x"))
    text = client.get("/admin/accounts/account/").content.decode()
    assert f'<span class="badge {shape}">{status}</span>' in text
