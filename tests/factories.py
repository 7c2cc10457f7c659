"""Rows that are valid as they come; keywords override."""

import itertools

from accounts.credentials import public_id, seal, token_hash
from accounts.models import Account
from accounts.store import reset_windows, take_revision
from gateway.keys import store as keys
from gateway.models import ApiKey

numbers = itertools.count(1)


def make_token(number: int | None = None) -> str:
    """Return a token no other call returns, long enough to be masked in part."""
    return f"eyJ0eXAi.made-up-token-{next(numbers) if number is None else number:08d}"


def make_account(*, token: str | None = None, windows: bool = True, **overrides):
    token = token or make_token()
    hashed = token_hash(token)
    identity = public_id(hashed)
    values = {
        "public_id": identity,
        "token_hash": hashed,
        "token_ciphertext": seal(token, identity),
        "pool": "basic",
        "revision": overrides.get("revision") or take_revision(),
    }
    account = Account.objects.create(**values | overrides)
    if windows:
        reset_windows({account.pk: account.pool})
    return account


def make_key(**overrides):
    """Return a named key's row and its clear text."""
    row = ApiKey(**{"name": f"key {next(numbers)}"} | overrides)
    return row, keys.create(row)
