"""One turn: choose an account, ask upstream, pass its events on, settle.

The only retry loop of the product. It tries another account only while nothing that a
model said has been passed on.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import TypeVar

from accounts import leases
from accounts.errors import NoAccountAvailable
from gateway import asking, catalog, refreshing
from gateway.asking import Ask, Question, prepared
from gateway.conversation.events import Event, Finished, Usage
from gateway.conversation.shaping import Shaper
from gateway.errors import GatewayError, Kind, UpstreamFailure, UpstreamFault
from gateway.media_links import Resolver
from gateway.recorder import Journal
from gateway.search import Search
from gateway.tape import Again, Shown
from gateway.upstream import assets, chat
from grokgateway import config
from grokgateway.config import Snapshot
from grokgateway.jobs import outbox
from media.incoming import Origin
from media.models import Source

__all__ = ["Ask", "run"]

logger = logging.getLogger(__name__)

OK = "ok"
Reply = TypeVar("Reply")
Attempt = Callable[[leases.Lease], AsyncGenerator[Reply, None]]

OUTCOMES = {
    UpstreamFault.CREDENTIAL: leases.Outcome.CREDENTIAL,
    UpstreamFault.UNAUTHORIZED: leases.Outcome.UNAUTHORIZED,
    UpstreamFault.FORBIDDEN: leases.Outcome.FORBIDDEN,
    UpstreamFault.RATE_LIMITED: leases.Outcome.RATE_LIMITED,
    UpstreamFault.SERVER: leases.Outcome.SERVER,
    UpstreamFault.CHALLENGE: leases.Outcome.CHALLENGED,
}


async def run(ask: Ask) -> AsyncGenerator[Sequence[Event], None]:
    """Batches of events, one per upstream read; the last one ends with `Finished`.

    A batch may be empty. Raises `GatewayError`; after the first visible event nothing
    is retried.
    """
    snapshot = config.current()
    conversation = ask.conversation
    route = catalog.current().chat_route(conversation.model)
    ask.caller.permit(route.name, route.pools)
    question = await prepared(ask, snapshot)
    search = Search(route, snapshot, ask)
    attempt = partial(answer, question=question, snapshot=snapshot, ask=ask)
    async with aclosing(tried(search, attempt)) as batches:
        async for events in batches:
            yield events


async def tried(
    search: Search, attempt: Attempt[Reply], lasting: Callable[[Reply], bool] = bool
) -> AsyncGenerator[Reply, None]:
    """The replies of the first attempt that gives any, or why there is none.

    After a `lasting` reply, such as a batch of events, no other account is asked.
    """
    while True:
        spoken = False
        try:
            async with search.lease() as held:
                search.trying = held.account_id
                async with aclosing(attempt(held)) as replies:
                    async for reply in replies:
                        spoken = spoken or lasting(reply)
                        yield reply
                search.succeeded()
                return
        except UpstreamFailure as failure:
            if spoken or not search.may_retry(failure):
                raise search.final(failure) from failure
        except NoAccountAvailable as absence:
            if not await search.worth_another_look(absence):
                raise search.nothing_left(absence) from absence


async def answer(
    held: leases.Lease, question: Question, snapshot: Snapshot, ask: Ask
) -> AsyncGenerator[Sequence[Event], None]:
    """One attempt on one account, shaped, metered and settled."""
    journal = ask.journal
    attempt = journal.attempt(held.public_id, held.mode, held.grounds())
    shaper, login = Shaper(question.shape), login_of(held)
    asked = asking_as(login, question, snapshot, journal)
    try:
        uploaded = await assets.upload_all(login, question.files, snapshot)
        said = asked(chat.Turn(question.prompt, held.mode, uploaded))
        async with aclosing(heard(held, said, shaper, journal)) as batches:
            async for events in batches:
                yield events
        correction = shaper.finish()
        if correction and held.another():
            shaper.again()
            prompt = f"{question.prompt}\n\n[system]: {correction}"
            said = asked(chat.Turn(prompt, held.mode, uploaded))
            async with aclosing(second(held, said, shaper, journal)) as batches:
                async for events in batches:
                    yield events
    except (asyncio.CancelledError, GeneratorExit):
        held.mark_sent()
        journal.usage = said_so_far(shaper)
        raise
    except GatewayError as error:
        attempt.reason = settle_failure(held, error)
        note_failure(journal, shaper, error)
        raise
    settle_success(held, snapshot)
    attempt.reason = OK
    journal.usage = said_so_far(shaper)
    yield await ending(held, login, shaper, question, ask, snapshot)


def login_of(held: leases.Lease) -> chat.Login:
    return chat.Login(held.cookie_token(), held.user_id, held.node)


async def ending(
    held: leases.Lease,
    login: chat.Login,
    shaper: Shaper,
    question: Question,
    ask: Ask,
    snapshot: Snapshot,
) -> Sequence[Event]:
    """The end of a good answer; its pictures are kept as the operator wants it."""
    shown = []
    if shaper.pictures:
        resolver = await resolver_of(held, login, question, ask, snapshot)
        shown = await pictures_shown(resolver, shaper)
    if ask.journal.tape is not None:
        ask.journal.tape.add(Shown(tuple(shown)))
    events = shaper.close(shown)
    ask.journal.usage = next(e.usage for e in events if isinstance(e, Finished))
    return events


async def resolver_of(
    held: leases.Lease,
    login: chat.Login,
    question: Question,
    ask: Ask,
    snapshot: Snapshot,
) -> Resolver:
    origin = Origin(
        Source.CHAT,
        account=held.public_id,
        prompt=await asking.fingerprint(question.prompt, question.files),
        model=ask.conversation.model,
        owner=ask.owner or ask.journal.key,
    )
    here = ask.watched
    return Resolver(login, ask.base, origin, snapshot, fresh=True, here=here)


async def pictures_shown(resolver: Resolver, shaper: Shaper) -> list[str]:
    """All but stale ones. Raises GatewayError if such a one were all of the answer."""
    shown: list[str] = []
    for picture in shaper.pictures:
        try:
            shown.append(await resolver.picture_in_chat(picture.url))
        except GatewayError as stale:
            logger.warning("a picture is left out of an answer: %s", stale.message)
            if not (shown or shaper.spoken):
                raise
    return shown


def said_so_far(shaper: Shaper) -> Usage | None:
    """An answer that was broken off has its price; one that never began has none."""
    return None if shaper.empty else shaper.usage()


def asking_as(
    login: chat.Login, question: Question, snapshot: Snapshot, journal: Journal
) -> Callable[[chat.Turn], chat.Replies]:
    """Ask with this login; if there is a tape, what is heard goes on it from now on."""
    tape = journal.tape
    if tape is not None:
        tape.secrets.update((login.token, login.user_id))
        tape.begun(question.shape)
    return partial(chat.ask, login, settings=snapshot, tape=tape)


def note_failure(journal: Journal, shaper: Shaper, error: GatewayError) -> None:
    journal.usage = said_so_far(shaper)
    if journal.tape is not None:
        journal.tape.failed(error)


async def heard(
    held: leases.Lease, said: chat.Replies, shaper: Shaper, journal: Journal
) -> AsyncGenerator[Sequence[Event], None]:
    """One upstream reply, shaped; leaves it as soon as nothing more is wanted."""
    async with said as replies:
        held.mark_sent()
        async for events in replies:
            journal.heard()
            if events:
                held.answered()
            yield shaper.feed(events) if events else events
            if shaper.done:
                break
    if shaper.empty:
        raise empty_answer()


async def second(
    held: leases.Lease, said: chat.Replies, shaper: Shaper, journal: Journal
) -> AsyncGenerator[Sequence[Event], None]:
    """The answer to a correction; if it fails, the first one stands."""
    if journal.tape is not None:
        journal.tape.add(Again())
    try:
        async with aclosing(heard(held, said, shaper, journal)) as batches:
            async for events in batches:
                yield events
        shaper.finish()
    except UpstreamFailure as failure:
        logger.info("asking once more failed: %s", failure.fault)
        if journal.tape is not None:
            journal.tape.failed(failure)
        shaper.give_up()


def settle_success(held: leases.Lease, snapshot: Snapshot) -> None:
    """Done; what is left to an account is asked for soon, if it is not known well."""
    held.settle(leases.Outcome.SUCCESS)
    uncertain = held.guessed or held.counts_media
    if uncertain and snapshot.flag("account.refresh.enabled"):
        outbox.current().put(refreshing.UNCERTAIN, held.account_id)


def settle_failure(held: leases.Lease, error: GatewayError) -> str:
    """Tell the account what became of its call; returns the reason to note."""
    if not isinstance(error, UpstreamFailure):
        return str(error.kind)
    if error.charged:
        held.mark_sent()
    held.settle(
        OUTCOMES.get(error.fault, leases.Outcome.NEUTRAL),
        retry_after_s=error.retry_after_s,
    )
    if error.fault is UpstreamFault.RATE_LIMITED and held.counts_media:
        outbox.current().put(refreshing.UNCERTAIN, held.account_id)
    return str(error.fault)


def empty_answer() -> UpstreamFailure:
    return UpstreamFailure(
        Kind.UPSTREAM_ERROR,
        "The model ended its answer without saying anything.",
        fault=UpstreamFault.EMPTY,
        retryable=True,
    )
