"""A token at rest: its keyed hash, the public id made of it, the encrypted text."""

from accounts.models import Account
from grokgateway import crypto

HASH_PURPOSE = "account token"
ID_DIGITS = 24


def token_hash(token: str) -> str:
    return crypto.ring().fingerprint(token, purpose=HASH_PURPOSE)


def public_id(hashed: str) -> str:
    return f"acc_{hashed[:ID_DIGITS]}"


def sealed_for(account_id: str) -> str:
    """What binds a ciphertext to the account of this public id."""
    return f"account:{account_id}"


def seal(token: str, account_id: str) -> bytes:
    """Encrypt for the account of this public id, and no other."""
    return crypto.ring().encrypt(token, context=sealed_for(account_id))


def reveal(account: Account) -> str:
    """Return the clear token; raise `crypto.Undecipherable`."""
    return crypto.ring().decrypt(
        bytes(account.token_ciphertext), context=sealed_for(account.public_id)
    )


def masked(account: Account) -> str:
    """Return the token as people may see it; empty when no key reads it."""
    try:
        return crypto.mask(reveal(account))
    except crypto.Undecipherable:
        return ""


def readable() -> bool:
    """Whether the keys of this process open what is stored, by the newest account."""
    newest = Account.objects.order_by("-pk").first()
    try:
        return newest is None or bool(reveal(newest))
    except crypto.Undecipherable:
        return False
