"""The one place that turns a running turn into a response: whole, or as a stream.

A stream's status line is held back until the turn has something to say, so that a
failure before that is an ordinary HTTP error. After `COMMIT_AFTER_S` it is sent all the
same, and later failures are in-band (public-api 0.1).
"""

import asyncio
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Sequence,
)
from contextlib import aclosing

from django.http import HttpResponse, StreamingHttpResponse  # noqa: TID251 - its one home
from django.http.response import HttpResponseBase

from gateway import turn
from gateway.conversation.events import Event, Finished
from gateway.conversation.fold import Completion
from gateway.errors import GatewayError
from gateway.protocols import sse
from gateway.protocols.base import Encoder, Failure, Json
from gateway.recorder import STATUS_CLIENT_GONE
from gateway.tape import Alive, Opened, Step, Tape
from gateway.turn import Ask

COMMIT_AFTER_S = 10.0
KEEP_ALIVE_S = 15.0

Run = Callable[[Ask], AsyncGenerator[Sequence[Event], None]]
Send = Callable[[dict[str, object]], Awaitable[None]]
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)


def server_sent(frames: AsyncIterator[bytes]) -> StreamingHttpResponse:
    """A stream of the console, sent by Django's own handler."""
    response = StreamingHttpResponse(frames, content_type="text/event-stream")
    response["Cache-Control"] = "no-cache, no-transform"
    response["X-Accel-Buffering"] = "no"
    return response


def download(
    pieces: AsyncIterator[bytes], file_name: str, content_type: str
) -> StreamingHttpResponse:
    """A file for a person of the console; nobody on the way may keep it."""
    response = StreamingHttpResponse(pieces, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def in_pieces(body: AsyncIterator[bytes]) -> StreamingHttpResponse:
    """JSON of any length for the console, written as it becomes known."""
    response = StreamingHttpResponse(body, content_type="application/json")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


class StreamResponse(HttpResponseBase):
    """A stream that the entry sends itself; ninja passes it through untouched."""

    streaming = True

    def __init__(
        self,
        ask: Ask,
        encoder: Encoder,
        failure: Callable[[GatewayError, str], Failure],
        run: Run = turn.run,
    ) -> None:
        super().__init__(content_type="text/event-stream; charset=utf-8")
        self.ask = ask
        self.encoder = encoder
        self.failure = failure
        self.run = run


async def whole(
    ask: Ask, reply: Callable[[Completion], Json], run: Run = turn.run
) -> HttpResponse:
    """The folded answer as JSON; failures are raised, and recorded either way."""
    completion = Completion()
    journal = ask.journal
    try:
        async with aclosing(run(ask)) as batches:
            async for events in batches:
                completion.add(events)
        body = sse.dumps(reply(completion))
        journal.status, journal.sent_bytes = 200, len(body)
    except GatewayError as error:
        journal.error_code = str(error.kind)
        raise
    except asyncio.CancelledError:
        journal.status = STATUS_CLIENT_GONE
        raise
    headers = {"Server-Timing": journal.server_timing()}
    return HttpResponse(body, content_type="application/json", headers=headers)


class Sender:
    """Sends one stream: commits late, keeps it alive, ends it in the right dialect."""

    def __init__(
        self,
        response: StreamResponse,
        send: Send,
        headers: list[tuple[bytes, bytes]],
        before_last: Callable[[], None] = lambda: None,
    ) -> None:
        self._response = response
        self._encoder = response.encoder
        self._journal = response.ask.journal
        self._tape = self._journal.tape
        self._send = send
        self._headers = headers
        self._before_last = before_last  # the client may ask again once it has all
        self._committed = False
        self._sending = asyncio.Lock()
        self._last_sent = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._ticks: set[asyncio.Task[None]] = set()

    async def run(self) -> GatewayError | None:
        """Send everything; an error before the first byte is returned, unsent."""
        self._arm(COMMIT_AFTER_S)
        try:
            async with aclosing(self._response.run(self._response.ask)) as batches:
                await self._relay(batches)
        except GatewayError as error:
            return await self.fail(error)
        except asyncio.CancelledError:
            self._journal.status = STATUS_CLIENT_GONE
            raise
        finally:
            self._disarm()
        return None

    async def fail(self, error: GatewayError) -> GatewayError | None:
        """End in the protocol's in-stream error, or hand back what was not sent."""
        self._journal.error_code = str(error.kind)
        if self._tape is not None:
            self._tape.ended(error)
        if not self._committed:
            return error
        await self._out(self._encoder.failure(error), more=False)
        return None

    async def _relay(self, batches: AsyncIterator[Sequence[Event]]) -> None:
        encoder = self._encoder
        async for events in batches:
            if events:
                ended = type(events[-1]) is Finished
                data = encoder.feed(events)
                if data or ended:
                    await self._out(data, more=not ended)

    async def _out(
        self, data: bytes, *, more: bool = True, step: Step | None = None
    ) -> None:
        """Send it; `step` is what a tape is told of it."""
        async with self._sending:
            if not more:
                self._before_last()
            if not self._committed:
                data = await self._commit() + data
            if self._tape is not None:
                put_on(self._tape, data, step)
            self._last_sent = time.monotonic()
            self._journal.sent_bytes += len(data)
            await self._send(
                {"type": "http.response.body", "body": data, "more_body": more}
            )

    async def _commit(self) -> bytes:
        """Send the status line; what comes back opens the body."""
        self._committed = True
        journal = self._journal
        journal.first_byte = time.perf_counter()
        journal.status = 200
        timing = (b"server-timing", journal.server_timing().encode())
        await self._send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [*self._headers, *HEADERS, timing],
            }
        )
        if self._tape is not None:
            self._tape.add(Opened(journal.input_tokens))
        return self._encoder.opening()

    def _arm(self, delay_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(delay_s, self._tick)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for task in self._ticks:
            task.cancel()

    def _tick(self) -> None:
        """Commit or keep alive if the stream has been silent; then look again later."""
        silent_s = time.monotonic() - self._last_sent
        if self._committed and silent_s < KEEP_ALIVE_S:
            self._arm(KEEP_ALIVE_S - silent_s)
            return
        if not self._sending.locked():
            data = self._encoder.keep_alive() if self._committed else b""
            sent = self._out(data, step=Alive() if data else None)
            task = asyncio.get_running_loop().create_task(sent)
            self._ticks.add(task)
            task.add_done_callback(self._ticks.discard)
        self._arm(KEEP_ALIVE_S)


def put_on(tape: Tape, data: bytes, step: Step | None) -> None:
    if step is not None:
        tape.add(step)
    tape.send(data)
