"""Which account a call is for, as a number that all processes agree on."""

from grokgateway import crypto

# As the accounts' tables have it, so that the console tells the node of an account.
PURPOSE = "account token"
DIGITS = 16


def account_key(token: str) -> int:
    return key_of_hash(crypto.ring().fingerprint(token, purpose=PURPOSE))


def key_of_hash(hashed: str) -> int:
    return int(hashed[:DIGITS], 16)
