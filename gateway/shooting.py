"""One video job, from its claim to its end.

Every step is noted in the row before the next one begins, so that whoever finds the job
after this process has died knows what upstream was asked. A call that costs is never
made twice: what was under way then ends as `interrupted`.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict
from datetime import timedelta
from functools import partial

from django.utils import timezone

from accounts import directory, leases
from accounts.errors import NoAccountAvailable
from gateway import asking, catalog, films, reels, turn
from gateway.asking import Ask
from gateway.auth import Caller
from gateway.conversation.events import Event
from gateway.conversation.filming import Filming
from gateway.conversation.requests import Conversation, Message, Role, Text
from gateway.errors import GatewayError, Kind, UpstreamFailure
from gateway.films import Script
from gateway.media_links import Resolver
from gateway.protocols.base import STATUS
from gateway.protocols.openai_videos import RATIOS
from gateway.recorder import Journal, record
from gateway.search import Search
from gateway.slates import Slate
from gateway.upstream.headers import Login
from gateway.upstream.video import Segment
from grokgateway import config
from media import jobs, threads
from media.errors import MediaError
from media.incoming import Origin
from media.jobs import ClaimLost
from media.models import Source, VideoJob

logger = logging.getLogger(__name__)

BEAT_S = 1.0  # progress is written no more often
RENEW_EVERY_S = 5.0  # which is also how soon a deletion elsewhere is seen
MOST_CLAIMS = 3
PROTECT = timedelta(hours=1)
ENDPOINT = "video job"
BUSY = "saturated"  # why no account can be had
PASSING = frozenset({BUSY, "paused", "unreachable"})  # worth waiting for
LOOK_AGAIN_S = 1.0
INTERRUPTED = "interrupted"
CUT = "The gateway stopped while upstream was at work."
TOLD = {  # codes of a failed job where they are more exact than the general one
    Kind.UPSTREAM_ERROR: Kind.VIDEO_FAILED,
    Kind.INTERNAL: Kind.VIDEO_FAILED,
    Kind.IDLE_TIMEOUT: Kind.UPSTREAM_TIMEOUT,
}


class Failed(Exception):
    """The job ends here; `code` and message are what its caller is told."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


async def perform(job: VideoJob) -> None:
    """Work a claimed job off, or leave it to another worker; its row tells which.

    What was done is recorded like a request.
    """
    take = Take(job)
    try:
        await worked(take, config.current().number("video.total_sec"))
    except ClaimLost:
        logger.info("video job %s is no longer ours", job.public_id)
        return
    except Failed as failure:
        await take.fail(failure.code, str(failure))
    except GatewayError as error:
        if await take.postponed(error):
            return
        await take.fail(code_of(error), error.message, STATUS[error.kind])
    except MediaError as error:
        await take.fail(error.code, str(error))
    except asyncio.CancelledError:
        await asyncio.shield(take.leave())
        raise
    except Exception:
        logger.exception("video job %s failed", job.public_id)
        await take.fail(str(Kind.VIDEO_FAILED), "The gateway failed; see its log.")
    record(take.ask.journal)


async def worked(take: "Take", limit_s: float) -> None:
    """Shoot while the claim is kept, and no longer than a job may take."""
    tasks = [asyncio.create_task(take.shoot()), asyncio.create_task(take.keep())]
    try:
        done, _ = await asyncio.wait(
            tasks, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if not done:
        told = f"The video was not done within {limit_s:g} s."
        raise Failed(str(Kind.UPSTREAM_TIMEOUT), told)
    first = tasks[0] if tasks[0] in done else tasks[1]
    first.result()


class Take:
    """A job in work."""

    def __init__(self, job: VideoJob) -> None:
        self.job = job
        self._slate = Slate(job)
        self._settings = config.current()
        self._percent = 0
        self._login: Login | None = None
        self.ask = ask_of(job)

    async def shoot(self) -> None:
        self._refuse_to_repeat()
        done = tuple(map(segment_of, self.job.posts))
        script = await self._script(done)
        if len(done) < len(script.parts):
            await (self._go_on(script) if done else self._begin(script))
        await self._deliver(script, segment_of(self.job.posts[-1]))

    async def keep(self) -> None:
        """Hold the claim and tell the progress; raises ClaimLost."""
        clock = asyncio.get_running_loop().time
        renewed = clock()
        while True:
            await asyncio.sleep(BEAT_S)
            due = clock() - renewed >= RENEW_EVERY_S
            if due or self._percent > self.job.progress:
                renewed = clock()
                await self._slate.write(jobs.renew, timezone.now(), self._percent)

    async def fail(self, code: str, message: str, status: int = 500) -> None:
        logger.info("video job %s failed: %s", self.job.public_id, code)
        self.ask.journal.status, self.ask.journal.error_code = status, code
        with contextlib.suppress(ClaimLost):
            await self._slate.write(jobs.fail, code, message, timezone.now())

    async def postponed(self, error: GatewayError) -> bool:
        """Where all accounts are busy, it waits for one as long as a job may take."""
        absence = error.__cause__
        job = self.job
        if not isinstance(absence, NoAccountAvailable) or absence.reason != BUSY:
            return False
        total = timedelta(seconds=self._settings.number("video.total_sec"))
        until = timezone.now() + timedelta(seconds=absence.retry_after_s)
        if job.sent_at or (job.started_at and until > job.started_at + total):
            return False
        with contextlib.suppress(ClaimLost):
            await self._slate.write(jobs.postpone, until)
        return True

    async def leave(self) -> None:
        await self._slate.write_now(jobs.let_go, timezone.now())

    def _refuse_to_repeat(self) -> None:
        if jobs.is_in_flight(self.job):
            raise Failed(INTERRUPTED, CUT)
        if self.job.attempt > MOST_CLAIMS:
            raise Failed(INTERRUPTED, "The gateway stopped several times meanwhile.")

    async def _script(self, done: tuple[Segment, ...]) -> Script:
        job = self.job
        filming = Filming(
            seconds=job.seconds,
            size=job.size,
            ratio=RATIOS[job.size],
            resolution=job.resolution,
            preset=job.preset,
        )
        files = await reels.inputs_of(job.inputs)
        return Script(job.prompt, filming, files, self._settings, done)

    async def _begin(self, script: Script) -> None:
        """On whichever account films it; on one only once upstream has begun."""
        route, ask = catalog.current().route(self.job.model), self.ask
        wanted = films.wanted(route, ask, self._settings, script.filming.resolution)
        search = Search(route, self._settings, ask, wanted)
        attempt = partial(self._attempt, script, ask)
        await exhausted(turn.tried(search, attempt))

    async def _go_on(self, script: Script) -> None:
        """On the account whose posts they are, as soon as it is free."""
        route, ask = catalog.current().route(self.job.model), self.ask
        entries = directory.current().entries()
        own = self.job.account
        others = {one.id for one in entries if one.row.public_id != own}
        wanted = films.wanted(route, ask, self._settings)
        while True:
            try:
                async with leases.lease(wanted, exclude=others) as held:
                    return await exhausted(self._attempt(script, ask, held))
            except NoAccountAvailable as exc:
                if exc.reason not in PASSING:
                    told = "The account cannot go on with it."
                    raise Failed(INTERRUPTED, told) from exc
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _attempt(
        self, script: Script, ask: Ask, held: leases.Lease
    ) -> AsyncGenerator[Sequence[Event], None]:
        self._login = Login(held.cookie_token(), held.user_id, held.node)

        async def about_to_send() -> None:
            await self._slate.write(jobs.mark_sent, held.public_id, timezone.now())

        try:
            made = films.filmed(script, held, ask, before=about_to_send)
            async with aclosing(made) as events:
                async for event in events:
                    if isinstance(event, Segment):
                        await self._slate.write(jobs.add_post, asdict(event))
                    else:
                        self._percent = event.percent
                    yield ()
        except UpstreamFailure as failure:
            if failure.retryable:
                await self._slate.write(jobs.unmark_sent)
            raise

    async def _deliver(self, script: Script, film: Segment) -> None:
        """Fetch what is paid for, and show it."""
        job = self.job
        login = self._login or await threads.disk(reels.login_of, job.account)
        if login is None:
            raise Failed(INTERRUPTED, "The account that made the video is gone.")
        prompt = await asking.fingerprint(script.prompt, script.files)
        origin = Origin(
            Source.VIDEO_JOB,
            account=job.account,
            prompt=prompt,
            model=job.model,
            owner=job.owner,
            protect_for=PROTECT,
        )
        resolver = Resolver(login, "", origin, self._settings, fresh=True)
        asset = await reels.fetched(resolver, film.video_url)
        still = await reels.still_of(resolver, film.thumbnail_url)
        now = timezone.now()
        forgotten_at = now + timedelta(
            hours=self._settings.number("video.expires_hours")
        )
        try:
            await self._slate.write(jobs.complete, asset, now, forgotten_at, still)
            self.ask.journal.status = 200
        except ClaimLost:
            await reels.withdraw(asset, still)
            raise


def ask_of(job: VideoJob) -> Ask:
    """The job as a turn knows a request; recorded beside the one that made it."""
    message = Message(Role.USER, (Text(job.prompt),))
    journal = Journal(job.public_id, ENDPOINT, model=job.model, key=job.owner)
    caller = Caller(job.owner, pools=frozenset(job.pools))
    return Ask(Conversation(job.model, (message,)), journal, caller)


async def exhausted(batches: AsyncGenerator[Sequence[Event], None]) -> None:
    async with aclosing(batches) as told:
        async for _ in told:
            pass


def segment_of(post: Mapping[str, str]) -> Segment:
    return Segment(
        post_id=post["post_id"],
        parent_post_id=post["parent_post_id"],
        asset_id=post["asset_id"],
        video_url=post["video_url"],
        thumbnail_url=post["thumbnail_url"],
    )


def code_of(error: GatewayError) -> str:
    return str(TOLD.get(error.kind, error.kind))
