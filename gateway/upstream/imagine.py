"""Pictures over upstream's Imagine socket: the full and the pro model (6, 13.7).

Of the v2 form a round makes a batch, and there are as many as it takes; the v3 form is
told how many are wanted and has one round. Both are taken at one address, so that
upstream cannot be heard to have dropped one: the operator chooses.
"""

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import uuid4

import httpx
import orjson

from gateway.errors import UpstreamFailure
from gateway.upstream import failures, imagine_frames, pictures
from gateway.upstream.fields import absolute
from gateway.upstream.headers import Login
from gateway.upstream.imagine_frames import Drawing, Drawn, Sketch
from gateway.upstream.inband import StreamError
from gateway.upstream.limits import Settings
from gateway.upstream.payloads import encode
from gateway.upstream.pictures import Event, Picture, Preview
from gateway.upstream.websocket import Closed, Socket, opened

PATH = "/ws/imagine/listen"
BATCH = 4  # what a round is sure to make
MORE_SLOTS_S = 1.0  # after the last of a round's slots, for another or for a close
LATE_PICTURE_S = 2.0
LATER = "v3"
LATER_ROUND = 3  # its one round may take as many times the limit of a round


async def generate(
    login: Login,
    prompt: str,
    *,
    n: int,
    ratio: str,
    pro: bool,
    settings: Settings,
    adult: bool = True,
    steps: bool = False,
) -> AsyncGenerator[Event]:
    """At most `n` pictures. Raises UpstreamFailure if there is none at all.

    What was made before a fault stands: the events then end with fewer pictures.
    `adult` false narrows `features.enable_nsfw`; with `steps` the progress of each
    picture is told, too.
    """
    drawing = Drawing(n, steps=steps)
    adult = adult and settings.flag("features.enable_nsfw")
    wish = Wish(prompt, ratio, n, pro=pro, adult=adult)
    later = settings.text("upstream.imagine_protocol") == LATER
    rounds = 1 if later else math.ceil(n / BATCH) + 1
    async with Sitting(login, settings, drawing, later=later) as sitting:
        while rounds:
            rounds -= 1
            await sitting.ask(frames(wish, later=later))
            while (told := await sitting.hear()) is not None:
                for one in told:
                    event = await shown(one, settings)
                    if event is not None:
                        yield event
            if drawing.enough or sitting.final:
                break
            rounds += sitting.owed()
    if not drawing.pictures:
        raise sitting.failure()


@dataclass(frozen=True, slots=True)
class Wish:
    prompt: str
    ratio: str
    n: int
    pro: bool
    adult: bool


class Sitting:
    """Rounds on one socket; a new one where the other side has closed it.

    `final`: another round would bring nothing. `later`: it has one round, which makes
    all that is wanted.
    """

    def __init__(
        self, login: Login, settings: Settings, drawing: Drawing, *, later: bool = False
    ) -> None:
        self.final = False
        self._later = later
        self._batch = drawing.wanted if later else BATCH
        self._round_s = settings.number("image.timeout") * (LATER_ROUND if later else 1)
        self._login = login
        self._settings = settings
        self._drawing = drawing
        self._open = AsyncExitStack()
        self._socket: Socket | None = None
        self._failure: UpstreamFailure | None = None
        self._once_more = True
        self._owed = 0
        self._deadline = 0.0

    async def __aenter__(self) -> "Sitting":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._hang_up()

    async def ask(self, messages: tuple[str, ...]) -> None:
        """Begin a round. Raises UpstreamFailure if it is the first."""
        self._drawing.begin()
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + self._round_s
        try:
            if self._socket is None:
                opening = opened(self._login, PATH, self._settings)
                self._socket = await self._open.enter_async_context(opening)
            for message in messages:
                await self._socket.send(message, self._idle_s())
        except Closed:
            await self._broken()
        except UpstreamFailure as failure:
            if not self._drawing.pictures:
                raise
            self._end(failure)

    async def hear(self) -> list[imagine_frames.Event] | None:
        """What the next message says; None when the round is over."""
        if self._socket is None or self.final or self._drawing.enough:
            return None
        try:
            message = await self._socket.receive(self._patience_s())
            return self._drawing.feed(message)
        except TimeoutError:
            return self._fell_silent()
        except Closed:
            await self._broken()
        except StreamError as error:
            retry_on = failures.retry_statuses(self._settings)
            await self._refused(failures.of_stream(error, retry_on))
        return self._drawing.settle()

    def failure(self) -> UpstreamFailure:
        """Why there is no picture."""
        if self._failure is not None and not self._drawing.moderated:
            return self._failure
        if self._drawing.moderated:
            return pictures.all_moderated()
        return pictures.nothing_made()

    def _idle_s(self) -> float:
        return float(self._settings.number("image.stream_timeout"))

    def _patience_s(self) -> float:
        drawing = self._drawing
        left_s = self._deadline - asyncio.get_running_loop().time()
        if drawing.rests:
            whole = drawing.slots_seen >= self._batch
            whole = whole and (self._later or drawing.withheld)
            more_s = self._idle_s() if self._later else MORE_SLOTS_S
            wait_s = 0.0 if whole else more_s
        else:
            wait_s = LATE_PICTURE_S if drawing.awaits_pictures else self._idle_s()
        return max(0.0, min(wait_s, self._idle_s(), left_s))

    def _fell_silent(self) -> list[imagine_frames.Event] | None:
        drawing = self._drawing
        if drawing.rests:
            self.final = drawing.withheld
            return None
        if not drawing.awaits_pictures:
            in_time = asyncio.get_running_loop().time() < self._deadline
            self._end(failures.timed_out(silent=in_time))
        return drawing.settle()

    async def _broken(self) -> None:
        """Closed by the other side; the next round opens another socket."""
        await self._hang_up()
        self.final = self._drawing.withheld
        self._failure = failures.of_transport(httpx.ReadError("closed"))

    async def _refused(self, failure: UpstreamFailure) -> None:
        """The end, unless a newer clearance is all that is wanted for another round."""
        fresh = self._once_more and not self._drawing.pictures
        socket = self._socket
        if fresh and socket and await socket.passage.refused_inside(failure):
            self._once_more, self._owed = False, 1
            self._failure = failure
            await self._hang_up()
            return
        self._end(failure)

    def owed(self) -> int:
        """Rounds that were refused and may be begun again, told once."""
        owed, self._owed = self._owed, 0
        return owed

    def _end(self, failure: UpstreamFailure) -> None:
        self._failure = failure
        self.final = True

    async def _hang_up(self) -> None:
        self._socket = None
        await self._open.aclose()


async def shown(event: imagine_frames.Event, settings: Settings) -> Event | None:
    """With the bytes of its picture; None for a preview that has none."""
    if isinstance(event, Sketch):
        data = await pictures.decoded(event.blob)
        return None if data is None else Preview(data, event.slot)
    if isinstance(event, Drawn):
        url = absolute(settings.text("upstream.assets_url"), event.url)
        data = await pictures.decoded(event.blob)
        return Picture(url, data, event.slot, event.r_rated)
    return event


def frames(wish: Wish, *, later: bool) -> tuple[str, str]:
    """What begins a round: forget what was, and make this."""
    text = orjson.Fragment(encode(wish.prompt))
    count = {"num_generations": wish.n} if later else {}
    request: dict[str, object] = {
        "requestId": f"img_{uuid4().hex}" if later else str(uuid4()),
        "text": text,
        "type": "input_text",
        "properties": {
            "section_count": 0,
            "is_kids_mode": False,
            "enable_nsfw": wish.adult,
            "skip_upsampler": False,
            "enable_side_by_side": True,
            "is_initial": False,
            "aspect_ratio": wish.ratio,
            "enable_pro": wish.pro,
            **count,
        },
    }
    return message({"type": "reset"}), message(request)


def message(content: dict[str, object]) -> str:
    item = {"type": "message", "content": [content]}
    frame = {
        "type": "conversation.item.create",
        "timestamp": time.time_ns() // 1_000_000,
        "item": item,
    }
    return orjson.dumps(frame).decode()
