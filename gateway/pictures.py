"""One turn of a model that draws: its accounts, its calls, what is handed over.

A light picture is a call of its own, so that several are several calls at once; the
other models draw all of them in one. What was made stands, whatever fails after it.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from accounts import leases
from accounts.wishes import Wanted
from gateway import asking, catalog, handover, turn
from gateway.asking import Ask, fingerprint_of
from gateway.attachments import File, obtain
from gateway.catalog import Route
from gateway.conversation.drawing import (
    MOST_REFERENCES,
    Drawing,
    prompt_of,
    references_of,
)
from gateway.conversation.events import (
    Event,
    Finished,
    FinishReason,
    MediaProgress,
    Usage,
)
from gateway.conversation.requests import Attachment
from gateway.conversation.tally import Tally
from gateway.errors import GatewayError, Kind, UpstreamFailure
from gateway.media_links import Resolver
from gateway.merging import merged
from gateway.search import Search
from gateway.upstream import image_edit, imagine, lite, pictures
from gateway.upstream.headers import Login
from grokgateway import config
from grokgateway.config import Snapshot
from media.incoming import Origin
from media.models import Source

logger = logging.getLogger(__name__)

NSFW = "nsfw"  # the tag of accounts that show adult content
LITE_MODE = "fast"
ANY_MODE = ("auto", "fast", "expert", "heavy")
EDIT_ROUNDS = 2

__all__ = ["MOST_REFERENCES", "fingerprint_of", "is_lite", "run"]

Made = AsyncGenerator[pictures.Event, None]
Batches = AsyncGenerator[Sequence[Event], None]


@dataclass(frozen=True, slots=True)
class Work:
    """What is drawn, whichever account does it."""

    ask: Ask
    drawing: Drawing
    route: Route
    prompt: str
    files: tuple[File, ...]
    settings: Snapshot
    fingerprint: str  # of all that a result should depend on

    @property
    def lite(self) -> bool:
        return is_lite(self.route)

    @property
    def pro(self) -> bool:
        return is_pro(self.route)

    def wanted(self) -> Wanted:
        """The full models cost no quota of a mode: any live account may draw for them.

        Who is known to have no pictures left may not.
        """
        pools = self.ask.caller.admitted(self.route.pools)
        liked = self.settings.flag("features.enable_nsfw") and self.drawing.adult
        tags = frozenset({NSFW}) if liked else frozenset()
        if self.lite:
            return Wanted(pools, (LITE_MODE,), tags)
        if self.files:
            modes = self.route.modes(auto_fallback=False)
            return Wanted(pools, modes, tags, "image_edit", media="image_edit")
        kind = "image_pro" if self.pro else "image"
        return Wanted(pools, ANY_MODE, tags, "imagine", spends=False, media=kind)


def is_lite(route: Route) -> bool:
    return route.capability == "image" and route.mode == LITE_MODE


def is_pro(route: Route) -> bool:
    return route.name.endswith("-pro")


async def run(drawing: Drawing, ask: Ask) -> Batches:
    """Progress, previews, one `MediaReady` for each picture, `Finished`.

    Of a drawing that is watched also what becomes of each picture.
    Raises GatewayError if there is no picture at all.
    """
    work = await prepared(drawing, ask)
    tokens = await asking.prompt_tokens(work.prompt)
    ask.journal.input_tokens = tokens
    tally = Tally(drawing.n, drawing.n if work.lite else 1)
    errors: list[GatewayError] = []
    async with aclosing(merged([call(work) for _ in range(tally.calls)])) as told:
        async for one in told:
            if one.error is not None:
                errors.append(one.error)
            elif one.item is not None:
                yield tally.counted(one.place, one.item)
    if not tally.ready:
        raise errors[0] if errors else pictures.nothing_made()
    if tally.ready < drawing.n:
        told_of = (ask.journal.request_id, tally.ready, drawing.n)
        logger.info("request %s got %d of %d pictures", *told_of)
    usage = Usage(tokens, 0, 0)
    ask.journal.usage = usage
    yield (Finished(FinishReason.STOP, usage),)


async def prepared(drawing: Drawing, ask: Ask) -> Work:
    """Raises GatewayError for what the request lacks or may not have."""
    snapshot = config.current()
    route = catalog.current().route(ask.conversation.model)
    ask.caller.permit(route.name, route.pools)
    files: tuple[File, ...] = ()
    if route.capability == "image_edit":
        references = references_of(ask.conversation)
        files = await obtain(references, snapshot)
        refuse_documents(references, files)
    prompt = prompt_of(ask.conversation)
    fingerprint = await asking.fingerprint(prompt, files)
    return Work(ask, drawing, route, prompt, files, snapshot, fingerprint)


def refuse_documents(references: Sequence[Attachment], files: Sequence[File]) -> None:
    for reference, file in zip(references, files, strict=True):
        if not file.media_type.startswith("image/"):
            told = f"{reference.path}: is no image: png, jpeg, webp or gif are"
            raise GatewayError(Kind.INVALID_ATTACHMENT, told, param=reference.path)


def call(work: Work) -> Batches:
    """One call, on whichever account answers it."""
    search = Search(work.route, work.settings, work.ask, work.wanted())
    lasting = is_result if work.lite else bool
    return turn.tried(search, partial(attempt, work), lasting)


def is_result(events: Sequence[Event]) -> bool:
    """A light picture may be asked of another account until there is one."""
    return any(not isinstance(event, MediaProgress) for event in events)


async def attempt(work: Work, held: leases.Lease) -> Batches:
    """One account's pictures, in the form that is wanted."""
    login = Login(held.cookie_token(), held.user_id, held.node)
    origin = Origin(
        Source.IMAGES,
        held.public_id,
        work.fingerprint,
        model=work.route.name,
        owner=work.ask.owner or work.ask.journal.key,
        batch=work.ask.batch,
    )
    resolver = Resolver(login, work.ask.base, origin, work.settings, fresh=True)
    lost: GatewayError | None = None
    found = False
    async with aclosing(drawn(work, held, login)) as made:
        async for event in made:
            try:
                events = await handover.told(event, resolver, work.drawing)
            except GatewayError as error:
                logger.warning("a picture cannot be handed over: %s", error.message)
                lost = error
                continue
            found = found or isinstance(event, pictures.Picture)
            yield events
    if lost is not None and not found:  # made and paid for: no other account is asked
        raise GatewayError(lost.kind, lost.message)


async def drawn(work: Work, held: leases.Lease, login: Login) -> Made:
    """What upstream makes, metered and settled."""
    journal = work.ask.journal
    note = journal.attempt(held.public_id, held.mode, held.grounds())
    try:
        async with aclosing(MAKERS[kind_of(work)](work, login)) as made:
            async for event in made:
                held.mark_sent()
                held.answered()
                journal.heard()
                yield event
    except (asyncio.CancelledError, GeneratorExit):
        held.mark_sent()
        raise
    except GatewayError as error:
        note.reason = turn.settle_failure(held, error)
        once_only(error, work)
        raise
    turn.settle_success(held, work.settings)
    note.reason = turn.OK


def once_only(error: GatewayError, work: Work) -> None:
    """What upstream may have begun to draw is not drawn again, but light pictures."""
    if isinstance(error, UpstreamFailure) and not work.lite:
        refused = error.status is not None and 400 <= error.status < 500
        error.retryable = error.retryable and (refused or not error.sent)


def kind_of(work: Work) -> str:
    return "lite" if work.lite else work.route.capability


def light(work: Work, login: Login) -> Made:
    return lite.generate(login, work.prompt, work.settings)


def full(work: Work, login: Login) -> Made:
    drawing = work.drawing
    return imagine.generate(
        login,
        work.prompt,
        n=drawing.n,
        ratio=drawing.ratio,
        pro=work.pro,
        settings=work.settings,
        adult=drawing.adult,
        steps=drawing.watched,
    )


async def edits(work: Work, login: Login) -> Made:
    """Upstream makes pairs; if one is missing, it is asked once more of one upload."""
    sources = await image_edit.sources(login, work.files, work.settings)
    urls: list[str] = []
    for _ in range(EDIT_ROUNDS):
        edited = image_edit.edit(
            login,
            work.prompt,
            sources,
            settings=work.settings,
            steps=work.drawing.watched,
        )
        try:
            async with aclosing(edited) as made:
                async for event in made:
                    for new in unseen(event, urls):
                        yield new
                    if len(urls) == work.drawing.n:
                        return
        except UpstreamFailure:
            if not urls:
                raise
            logger.info("asking for the missing edit failed")
            return


def unseen(event: pictures.Event, urls: list[str]) -> Sequence[pictures.Event]:
    """A picture that came before is passed over; a new one takes the next slot."""
    if not isinstance(event, pictures.Picture):
        return (event,)
    if event.url in urls:
        return ()
    urls.append(event.url)
    return (replace(event, slot=len(urls) - 1),)


MAKERS: dict[str, Callable[[Work, Login], Made]] = {
    "lite": light,
    "image": full,
    "image_edit": edits,
}
