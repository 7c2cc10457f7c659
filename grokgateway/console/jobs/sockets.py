"""`/admin/ws/jobs`: what a page asks to watch, and frames of `jobs.watching`.

Client: `{"watch": [job ids]}` or `{"watch": "mine"}`, as often as it likes. Server:
JSON frames with `type`; `ping` when there was nothing to tell, `refused` for a message
of another form.
"""

import asyncio
import re
import time
from importlib import import_module

import orjson
from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from grokgateway import keysessions
from grokgateway.console.jobs.words import may_see
from grokgateway.jobs import watching
from grokgateway.jobs.watching import Watcher

PING_S = 20.0  # proxies cut what is silent for a minute
LOOK_WHO_S = 60.0  # whoever signs out elsewhere is told no more
MESSAGE_MAX_CHARS = 8192
IDS_MAX = 100
JOB_ID = re.compile(r"[0-9a-f]{32}")
SIGNED_OUT, RESTARTING = 4401, 4012  # daphne refuses codes below 3000
User = AbstractBaseUser | AnonymousUser


class BadMessage(ValueError):
    """The client sent something else than the two forms."""


class JobsConsumer(AsyncWebsocketConsumer):  # type: ignore[misc] # channels has no types
    watcher: Watcher | None = None
    telling: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        user, session = self.scope["user"], self.scope["session"]
        if not await database_sync_to_async(welcome)(user, session):
            await self.close()
            return
        await self.accept()
        self.watcher = watching.current().join(user.get_username())
        self.telling = asyncio.create_task(self.tell(self.watcher))

    async def disconnect(self, code: int) -> None:
        if self.watcher is not None:
            watching.current().leave(self.watcher)
        if self.telling is not None:
            self.telling.cancel()

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        if self.watcher is None:
            return
        try:
            ids, mine = asked(text_data or "")
        except BadMessage as reason:
            await self.say({"type": "refused", "message": str(reason)})
            return
        watching.current().ask(self.watcher, ids, mine=mine)

    async def tell(self, watcher: Watcher) -> None:
        """Until the end of the socket, the session or the process."""
        looked = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(PING_S):
                    await watcher.news.wait()
            except TimeoutError:
                await self.say({"type": "ping"})
            if watcher.closed:
                await self.close(RESTARTING)
                return
            if time.monotonic() - looked > LOOK_WHO_S:
                looked = time.monotonic()
                if not await self.still_welcome():
                    await self.close(SIGNED_OUT)
                    return
            for frame in watcher.take():
                await self.say(frame)

    async def still_welcome(self) -> bool:
        sessions = import_module(settings.SESSION_ENGINE)
        fresh = sessions.SessionStore(self.scope["session"].session_key)
        user: User = await get_user({"session": fresh})
        return bool(await database_sync_to_async(welcome)(user, fresh))

    async def say(self, frame: watching.Frame) -> None:
        await self.send(text_data=orjson.dumps(frame).decode())


def welcome(user: User, session: SessionBase) -> bool:
    """As for pages: a session ends with its key, and the shipped key opens nothing."""
    request = HttpRequest()
    request.session = session
    if keysessions.outdated(request):
        return False
    shipped = keysessions.by_key(request) and keysessions.shipped()
    return may_see(user) and (keysessions.locked() or not shipped)


def asked(text: str) -> tuple[list[str], bool]:
    """Job ids, and whether one's own are meant; raises `BadMessage`."""
    if len(text) > MESSAGE_MAX_CHARS:
        raise BadMessage("the message is too long")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadMessage("the message is no JSON") from None
    wanted = message.get("watch") if isinstance(message, dict) else None
    if wanted == "mine":
        return [], True
    if not isinstance(wanted, list) or len(wanted) > IDS_MAX:
        raise BadMessage('"watch" must be "mine" or a list of at most 100 job ids')
    if not all(isinstance(one, str) and JOB_ID.fullmatch(one) for one in wanted):
        raise BadMessage("a job id is 32 hexadecimal digits")
    return wanted, False
