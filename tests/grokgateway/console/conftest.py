import pytest
from django.contrib.auth.models import User


@pytest.fixture
def console(client, db):
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client
