"""Accounts as scripts name them: by id or by token, and as they are shown back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts import credentials
from accounts.models import Account
from accounts.store.values import chunks
from accounts.tokens import normalise
from gateway.admin_api.errors import Refused
from grokgateway import crypto


@dataclass(frozen=True, slots=True)
class Resolved:
    """`ids` in the order asked for; `unknown` are masked."""

    ids: list[int]
    unknown: list[str]


def resolve(references: Iterable[str], *, live: bool = True) -> Resolved:
    wanted = list(dict.fromkeys(one.strip() for one in references if one.strip()))
    found: dict[str, int] = {}
    for chunk in chunks(wanted):
        hashes = {hash_of(one): one for one in chunk}
        accounts = Account.objects.filter(
            token_hash__in=[h for h in hashes if h]
        ) | Account.objects.filter(public_id__in=chunk)
        if live:
            accounts = accounts.filter(deleted_at=None)
        for pk, public_id, hashed in accounts.values_list(
            "pk", "public_id", "token_hash"
        ):
            found[public_id] = pk
            if hashed in hashes:
                found[hashes[hashed]] = pk
    ids = dict.fromkeys(found[one] for one in wanted if one in found)
    return Resolved(list(ids), [crypto.mask(one) for one in wanted if one not in found])


def one(reference: str, param: str = "token") -> Account:
    """Raises `Refused` with 404 for an account that does not exist."""
    resolved = resolve([reference])
    if not resolved.ids:
        raise Refused(404, "account_not_found", "No such account.", param=param)
    return Account.objects.get(pk=resolved.ids[0])


def hash_of(reference: str) -> str:
    try:
        return credentials.token_hash(normalise(reference).token)
    except ValueError:
        return ""


def shown_tokens(accounts: Sequence[Account], *, clear: bool) -> list[str]:
    """Masked, or `clear` for who may see them (decisions 15)."""
    shown = in_clear if clear else credentials.masked
    return [shown(account) for account in accounts]


def in_clear(account: Account) -> str:
    try:
        return credentials.reveal(account)
    except crypto.Undecipherable:
        return ""
