"""One turn: choose an account, ask upstream, pass its events on, settle.

The only retry loop of the product. It tries another account only while nothing that a
model said has been passed on.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from accounts import leases
from accounts.errors import NoAccountAvailable
from gateway import catalog
from gateway.catalog import Route
from gateway.conversation import tokens
from gateway.conversation.events import Event, Finished
from gateway.conversation.requests import Conversation
from gateway.conversation.shaping import Shape, Shaper
from gateway.errors import GatewayError, Kind, UpstreamFailure, UpstreamFault
from gateway.recorder import Journal
from gateway.upstream import client
from gateway.upstream.payloads import chat_payload
from grokgateway import config
from grokgateway.config import Snapshot

RANDOM_RETRIES = 5
COUNT_IN_THREAD_CHARS = 32_768
RETRY_AFTER_UNKNOWN_S = 30
OK = "ok"

OUTCOMES = {
    UpstreamFault.CREDENTIAL: leases.Outcome.CREDENTIAL,
    UpstreamFault.UNAUTHORIZED: leases.Outcome.UNAUTHORIZED,
    UpstreamFault.FORBIDDEN: leases.Outcome.FORBIDDEN,
    UpstreamFault.RATE_LIMITED: leases.Outcome.RATE_LIMITED,
    UpstreamFault.SERVER: leases.Outcome.SERVER,
}

NO_ACCOUNT_MESSAGES = {
    "no_accounts": "No account is configured for this model.",
    "quota_exhausted": "All accounts for this model have used up their quota.",
    "cooling": "All accounts for this model are cooling down.",
    "saturated": "All accounts for this model are busy.",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A parsed request on its way in; `journal` is written as the turn goes."""

    conversation: Conversation
    journal: Journal


async def run(ask: Ask) -> AsyncGenerator[Sequence[Event], None]:
    """Batches of events, one per upstream read; the last one ends with `Finished`.

    A batch may be empty. Raises `GatewayError`; after the first visible event nothing
    is retried.
    """
    snapshot = config.current()
    conversation = ask.conversation
    route = catalog.current().chat_route(conversation.model)
    prompt = conversation.prompt()
    shape = shape_of(conversation, snapshot, await prompt_tokens(prompt))
    search = Search(route, snapshot, ask.journal)
    while True:
        shaper = Shaper(shape)
        spoken = False
        try:
            async with search.lease() as held:
                search.trying = held.account_id
                payload = chat_payload(prompt, held.mode, snapshot)
                replies = answer(held, payload, snapshot, shaper, ask.journal)
                async with aclosing(replies):
                    async for events in replies:
                        spoken = spoken or bool(events)
                        yield events
                return
        except UpstreamFailure as failure:
            if spoken or not search.may_retry(failure):
                raise search.final(failure) from failure
        except NoAccountAvailable as absence:
            raise search.nothing_left(absence) from absence


async def answer(
    held: leases.Lease,
    payload: bytes,
    snapshot: Snapshot,
    shaper: Shaper,
    journal: Journal,
) -> AsyncGenerator[Sequence[Event], None]:
    """One attempt on one account, shaped, metered and settled."""
    attempt = journal.attempt(held.public_id, held.mode)
    login = client.Login(held.cookie_token(), held.user_id)
    try:
        async with client.converse(login, payload, snapshot) as replies:
            held.mark_sent()
            async for events in replies:
                journal.heard()
                yield shaper.feed(events) if events else events
                if shaper.done:
                    break
        if shaper.empty:
            raise empty_answer()
    except asyncio.CancelledError:
        held.mark_sent()
        raise
    except GatewayError as error:
        attempt.reason = settle_failure(held, error)
        raise
    held.settle(leases.Outcome.SUCCESS)
    attempt.reason = OK
    ending = shaper.close()
    journal.usage = next(e.usage for e in ending if isinstance(e, Finished))
    yield ending


def settle_failure(held: leases.Lease, error: GatewayError) -> str:
    """Tell the account what became of its call; returns the reason to note."""
    if not isinstance(error, UpstreamFailure):
        return str(error.kind)
    if error.sent:
        held.mark_sent()
    held.settle(
        OUTCOMES.get(error.fault, leases.Outcome.NEUTRAL),
        retry_after_s=error.retry_after_s,
    )
    return str(error.fault)


class Search:
    """The accounts one request has tried, and what it may still try."""

    def __init__(self, route: Route, snapshot: Snapshot, journal: Journal) -> None:
        fallback = snapshot.flag("features.auto_chat_mode_fallback")
        self._wanted = leases.Wanted(
            pools=route.pools, modes=route.modes(auto_fallback=fallback)
        )
        self._journal = journal
        self._excluded: set[int] = set()
        self.trying = 0  # id of the account in hand
        self._blame = leases.Blame()
        self._failure: UpstreamFailure | None = None
        self._retries_left = RANDOM_RETRIES
        if snapshot.flag("account.refresh.enabled"):
            self._retries_left = snapshot.number("retry.max_retries")

    def lease(self) -> leases.Lease:
        self._journal.leased = time.perf_counter()
        return leases.lease(
            self._wanted,
            exclude=self._excluded,
            request_id=self._journal.request_id,
            blame=self._blame,
        )

    def may_retry(self, failure: UpstreamFailure) -> bool:
        """Whether another account is to be tried after `failure`; notes that it is."""
        self._failure = failure
        if not failure.retryable or self._retries_left <= 0:
            return False
        self._retries_left -= 1
        self._excluded.add(self.trying)
        return True

    def final(self, failure: UpstreamFailure) -> GatewayError:
        """The failure as the caller shall see it, with a time to come back."""
        if failure.kind is Kind.RATE_LIMITED and failure.retry_after_s is None:
            failure.retry_after_s = RETRY_AFTER_UNKNOWN_S
        return failure

    def nothing_left(self, absence: NoAccountAvailable) -> GatewayError:
        """No account to be had: the failure that brought us here, if there was one."""
        if self._failure is not None:
            if self._failure.kind is Kind.RATE_LIMITED:
                self._failure.retry_after_s = absence.retry_after_s
            return self._failure
        none = absence.reason == "no_accounts"
        return GatewayError(
            Kind.NO_ACCOUNT if none else Kind.RATE_LIMITED,
            NO_ACCOUNT_MESSAGES[absence.reason],
            retry_after_s=None if none else absence.retry_after_s,
        )


def shape_of(
    conversation: Conversation, snapshot: Snapshot, prompt_count: int
) -> Shape:
    wanted = conversation.options.reasoning
    return Shape(
        reasoning=snapshot.flag("features.thinking") if wanted is None else wanted,
        stop=conversation.options.stop,
        show_sources=snapshot.flag("features.show_search_sources"),
        image_format=snapshot.text("features.image_format"),
        prompt_tokens=prompt_count,
    )


async def prompt_tokens(prompt: str) -> int:
    """Counted off the event loop when the prompt is long."""
    if len(prompt) > COUNT_IN_THREAD_CHARS:
        return await asyncio.to_thread(tokens.prompt_count, prompt)
    return tokens.prompt_count(prompt)


def empty_answer() -> UpstreamFailure:
    return UpstreamFailure(
        Kind.UPSTREAM_ERROR,
        "The model ended its answer without saying anything.",
        fault=UpstreamFault.EMPTY,
        retryable=True,
    )
