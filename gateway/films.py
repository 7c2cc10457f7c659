"""A film on one account: its segments, metered and settled; and one turn of a chat.

Every segment is a call that costs. Another account is asked only while there is no
segment and upstream provably began none.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from accounts import leases
from accounts.wishes import Wanted
from gateway import asking, catalog, turn
from gateway.asking import Ask
from gateway.attachments import File, obtain
from gateway.catalog import Route
from gateway.conversation.drawing import asked, pictures_in, prompt_of
from gateway.conversation.events import (
    Event,
    Finished,
    FinishReason,
    MediaProgress,
    MediaReady,
    Usage,
)
from gateway.conversation.filming import Filming
from gateway.conversation.requests import Attachment
from gateway.errors import GatewayError, UpstreamFailure, UpstreamFault
from gateway.media_links import Resolver
from gateway.pictures import NSFW, refuse_documents
from gateway.search import Search
from gateway.upstream import video
from gateway.upstream.headers import Login
from gateway.upstream.video import Progress, Segment
from grokgateway import config
from grokgateway.config import Snapshot
from media.incoming import Origin
from media.models import Source

logger = logging.getLogger(__name__)
OPERATION = "video"
MEDIA = {"480p": "video", "720p": "video_720p"}
MOST_REFERENCES = 7

Batches = AsyncGenerator[Sequence[Event], None]
Made = AsyncGenerator[Progress | Segment, None]
Before = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Script:
    """What is filmed, whichever account does it; the references lie in `files`.

    `done`: segments that exist already, of the account that goes on with them.
    """

    prompt: str
    filming: Filming
    files: tuple[File, ...]
    settings: Snapshot
    done: tuple[Segment, ...] = ()

    @property
    def parts(self) -> tuple[int, ...]:
        """Seconds of each call, as far as is known before the first."""
        return self.parts_after(self.done)

    def parts_after(self, finished: Sequence[Segment]) -> tuple[int, ...]:
        return video.parts(self.filming.segments, self.settings, finished)


def wanted(route: Route, ask: Ask, settings: Snapshot, resolution: str = "") -> Wanted:
    """Of an account that has films of this resolution left, if that is known."""
    media = MEDIA.get(resolution, "")
    liked = settings.flag("features.enable_nsfw")
    tags = frozenset({NSFW}) if liked else frozenset()
    pools = ask.caller.admitted(route.pools)
    modes = route.modes(auto_fallback=False)
    return Wanted(pools, modes, tags, OPERATION, media=media)


def refuse_unfilmable(filming: Filming, settings: Snapshot, *, references: int) -> None:
    """Raise UNSUPPORTED for what upstream's form in use cannot film."""
    preset, seconds = filming.preset, filming.seconds
    video.refuse_unfilmable(preset, seconds, settings, references=references > 0)


async def run(filming: Filming, ask: Ask) -> Batches:
    """Progress, one `MediaReady` in the form of `features.video_format`, `Finished`."""
    settings = config.current()
    route = catalog.current().route(ask.conversation.model)
    ask.caller.permit(route.name, route.pools)
    prompt, references = prompt_of(ask.conversation), references_of(ask)
    refuse_unfilmable(filming, settings, references=len(references))
    tokens = await asking.prompt_tokens(prompt)
    ask.journal.input_tokens = tokens
    files = await obtain(references, settings)
    refuse_documents(references, files)
    script = Script(prompt, filming, files, settings)
    needed = wanted(route, ask, settings, filming.resolution)
    search = Search(route, settings, ask, needed)
    batches = turn.tried(search, partial(attempt, script, ask), lasting=is_result)
    async with aclosing(batches) as told:
        async for events in told:
            yield events
    usage = Usage(tokens, 0, 0)
    ask.journal.usage = usage
    yield (Finished(FinishReason.STOP, usage),)


def references_of(ask: Ask) -> Sequence[Attachment]:
    message = asked(ask.conversation)
    return pictures_in(message)[:MOST_REFERENCES] if message else []


def is_result(events: Sequence[Event]) -> bool:
    return any(isinstance(event, MediaReady) for event in events)


async def attempt(script: Script, ask: Ask, held: leases.Lease) -> Batches:
    """One account's film, as a chat shows it."""
    segment: Segment | None = None
    async with aclosing(filmed(script, held, ask)) as made:
        async for event in made:
            if isinstance(event, Progress):
                yield (MediaProgress("", event.percent),)
            else:
                segment = event
    if segment is not None:
        origin = Origin(
            Source.CHAT,
            held.public_id,
            await asking.fingerprint(script.prompt, script.files),
            model=ask.conversation.model,
            owner=ask.owner or ask.journal.key,
        )
        login = Login(held.cookie_token(), held.user_id, held.node)
        settings, here = script.settings, ask.watched
        resolver = Resolver(login, ask.base, origin, settings, fresh=True, here=here)
        shown = await resolver.film_in_chat(segment.video_url)
        yield (MediaReady(shown, segment.post_id, kind="video"),)


async def filmed(
    script: Script, held: leases.Lease, ask: Ask, before: Before = video.nothing
) -> Made:
    """Progress of the whole, and each segment once it is there; the last is the film.

    `before` is awaited right before each call that costs.
    """
    note = ask.journal.attempt(held.public_id, held.mode, held.grounds())
    login = Login(held.cookie_token(), held.user_id, held.node)
    finished = list(script.done)
    sending = False

    async def about_to_send() -> None:
        nonlocal sending
        await before()
        sending = True

    try:
        async with aclosing(shots(script, login, about_to_send)) as made:
            async for event in made:
                held.mark_sent()
                held.answered()
                ask.journal.heard()
                if isinstance(event, Segment):
                    finished.append(event)
                    sending = False
                    reserve_next(held, script, finished)
                yield event
    except (asyncio.CancelledError, GeneratorExit):
        if sending:
            held.mark_sent()
        raise
    except GatewayError as error:
        note.reason = turn.settle_failure(held, error)
        once_only(error, begun=len(finished) > 0)
        raise
    turn.settle_success(held, script.settings)
    note.reason = turn.OK


def reserve_next(
    held: leases.Lease, script: Script, finished: Sequence[Segment]
) -> None:
    """The next call spends a unit too; a film that has begun is ended without one."""
    if len(finished) < len(script.parts_after(finished)) and not held.another():
        logger.info("account %s goes on without quota we know of", held.public_id)


async def shots(script: Script, login: Login, before: Before) -> Made:
    finished = list(script.done)
    while len(finished) < len(parts := script.parts_after(finished)):
        index = len(finished)
        async with aclosing(shot(script, login, finished, before)) as events:
            async for event in events:
                if isinstance(event, Progress):
                    yield Progress((100 * index + event.percent) // len(parts))
                else:
                    finished.append(event)
                    yield event


def shot(
    script: Script, login: Login, finished: Sequence[Segment], before: Before
) -> AsyncGenerator[video.Event]:
    """The next segment behind those that are finished."""
    filming, settings = script.filming, script.settings
    lengths = script.parts_after(finished)
    index = len(finished)
    if not finished:
        return video.first_segment(
            login,
            script.prompt,
            ratio=filming.ratio,
            seconds=lengths[0],
            whole_s=filming.seconds,
            resolution=filming.resolution,
            preset=filming.preset,
            references=script.files,
            settings=settings,
            before=before,
        )
    return video.extend(
        login,
        script.prompt,
        previous=finished[-1],
        elapsed_s=sum(lengths[:index]),
        seconds=lengths[index],
        ratio=filming.ratio,
        resolution=filming.resolution,
        preset=filming.preset,
        settings=settings,
        before=before,
    )


def once_only(error: GatewayError, *, begun: bool) -> None:
    """What upstream may have begun to film is not filmed again elsewhere."""
    if isinstance(error, UpstreamFailure):
        refused = error.status is not None and 400 <= error.status < 500
        limited = error.fault is UpstreamFault.RATE_LIMITED
        free = refused or limited or not error.sent
        error.retryable = error.retryable and free and not begun
