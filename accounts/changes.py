"""Changes to one account that a person makes."""

from django.db import IntegrityError
from django.utils import timezone

from accounts import declared, store
from accounts.credentials import public_id, seal, token_hash
from accounts.models import Account
from accounts.store import take_revision
from accounts.store.changes import locked
from accounts.tokens import normalise
from grokgateway.replica import writing


class TokenTaken(ValueError):
    """Another account has this token."""


def give_token(account_id: int, token: str, by: str) -> None:
    """A new credential for the account, which keeps its history and windows.

    The same token again makes the account active, as 2.x did. Raises `TokenTaken`, or
    `ValueError` with a reason for what is no token.
    """
    credential = normalise(token)
    hashed = token_hash(credential.token)
    with writing():
        revision = take_revision()
        account = locked().get(pk=account_id)
        if account.token_hash == hashed:
            store.restore([account_id], by)
            return
        if Account.objects.filter(token_hash=hashed).exists():
            raise TokenTaken("another account has this token")
        declared.forget(account_id)
        account.token_hash = hashed
        account.public_id = public_id(hashed)
        account.token_ciphertext = seal(credential.token, account.public_id)
        account.user_id = credential.user_id or account.user_id
        account.revision, account.updated_at = revision, timezone.now()
        try:
            account.save()
        except IntegrityError as exc:
            raise TokenTaken("another account has this token") from exc
