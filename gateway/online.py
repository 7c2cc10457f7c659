"""The files that accounts keep at upstream: all pages of them, counted, removed.

Nothing is stored here. A login that turns out to be dead expires its account.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from accounts.store import syncs
from gateway import refreshing
from gateway.errors import GatewayError, UpstreamFailure, UpstreamFault
from gateway.upstream import assets, listing
from gateway.upstream.headers import Login
from gateway.upstream.listing import Asset
from gateway.upstream.together import together
from grokgateway import config

DEAD = "upstream no longer accepts the account's session"
NO_SUCH_FILE = "upstream has no such file"
AT_ONCE = 8  # of one account's deletions


class Unreachable(Exception):
    """The files could not be asked for; the message is for people."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """`failures`: why a file is still there, by its id."""

    deleted: int
    failures: Mapping[str, str]


async def files_of(account_id: int) -> Sequence[Asset]:
    """Raises Unreachable."""
    async with asking(account_id) as login:
        return await listing.listed(login, config.current())


async def delete(account_id: int, asset_id: str) -> None:
    """Raises Unreachable, also for a file that upstream does not know."""
    async with asking(account_id) as login:
        try:
            await assets.delete(login, asset_id, config.current())
        except UpstreamFailure as failure:
            if failure.status != HTTPStatus.NOT_FOUND:
                raise
            raise Unreachable(NO_SUCH_FILE) from failure


async def clear(account_id: int) -> Cleared:
    """Delete all there is; raises Unreachable where it cannot even be listed."""
    async with asking(account_id) as login:
        settings = config.current()
        found = await listing.listed(login, settings)

        async def failure(asset: Asset) -> str:
            try:
                await assets.delete(login, asset.id, settings)
            except GatewayError as error:
                return error.message
            return ""

        told = await together(failure, found, AT_ONCE)
    why = zip(found, told, strict=True)
    failures = {asset.id: reason for asset, reason in why if reason}
    return Cleared(len(found) - len(failures), failures)


@asynccontextmanager
async def asking(account_id: int) -> AsyncIterator[Login]:
    """The account's login; upstream's failures as reasons for people."""
    candidate = await sync_to_async(closing_candidate)(account_id)
    if candidate is None:
        raise Unreachable("the account is gone, or no key reads its credential")
    try:
        yield candidate.login
    except UpstreamFailure as failure:
        if failure.fault is not UpstreamFault.CREDENTIAL:
            raise Unreachable(failure.message) from failure
        await sync_to_async(syncs.expire)(account_id)
        raise Unreachable(DEAD) from failure
    except GatewayError as error:
        raise Unreachable(error.message) from error


def closing_candidate(account_id: int) -> refreshing.Candidate | None:
    try:
        return refreshing.candidate_of(account_id)
    finally:
        close_old_connections()
