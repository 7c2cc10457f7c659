"""`manage.py createkey`."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from gateway.keys import identity
from gateway.models import ApiKey

pytestmark = pytest.mark.django_db


def run(*args):
    out, err = io.StringIO(), io.StringIO()
    call_command("createkey", *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refused(*args):
    with pytest.raises(CommandError) as caught:
        run(*args)
    return caught.value


def test_it_prints_the_key_alone_and_the_advice_apart():
    out, err = run("laptop")
    key = out.strip()
    row = ApiKey.objects.get(name="laptop")
    assert identity.hashed(key) == row.key_hash
    assert (row.enabled, row.allowed_models, row.expires_at) == (True, [], None)
    assert "cannot be shown again" in err
    assert key not in err


def test_everything_at_once_as_json():
    out, _ = run(
        "team",
        *("--models", "grok-4.20-auto, grok-4.20-fast,grok-4.20-auto"),
        *("--pools", "super,heavy", "--expires", "2999-12-31T10:00:00Z"),
        *("--rpm", "60", "--concurrent", "4", "--requests-per-day", "1000"),
        *("--tokens-per-day", "5000000000", "--json"),
    )
    told = json.loads(out)
    row = ApiKey.objects.get(name="team")
    assert identity.hashed(told.pop("key")) == row.key_hash
    assert told == {
        "name": "team",
        "fingerprint": row.fingerprint,
        "expires_at": "2999-12-31T10:00:00+00:00",
        "allowed_models": ["grok-4.20-auto", "grok-4.20-fast"],
        "allowed_pools": ["super", "heavy"],
        "requests_per_min": 60,
        "concurrent": 4,
        "requests_per_day": 1000,
        "tokens_per_day": 5_000_000_000,
    }
    assert row.tokens_per_day == 5_000_000_000


def test_a_day_begins_in_the_zone_of_the_installation(settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    out, _ = run("k", "--expires", "2999-12-31", "--json")
    assert json.loads(out)["expires_at"] == "2999-12-31T00:00:00+08:00"


def test_a_name_that_is_taken():
    run("laptop")
    assert refused(" laptop ").returncode == 1
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    "args",
    [
        ("",),
        ("x" * 65,),
        ("k", "--models", "grok-9"),
        ("k", "--pools", "gold"),
        ("k", "--expires", "tomorrow"),
        ("k", "--expires", "2020-01-01"),
        ("k", "--rpm", "0"),
        ("k", "--rpm", "100001"),
        ("k", "--concurrent", "-1"),
        ("k", "--requests-per-day", "0"),
        ("k", "--tokens-per-day", "0"),
    ],
)
def test_wrong_usage(args):
    assert refused(*args).returncode == 2
    assert not ApiKey.objects.exists()
