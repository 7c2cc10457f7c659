"""Who a login belongs to (13.1): the user id, and whether the session is alive."""

import re
from dataclasses import dataclass, replace
from hashlib import blake2b

import orjson

from gateway.egress import causes
from gateway.egress.causes import Cause
from gateway.errors import UpstreamFailure, UpstreamFault
from gateway.upstream import calls, failures, pool
from gateway.upstream.fields import Json, record, text
from gateway.upstream.headers import Login, Signed, json_headers
from gateway.upstream.limits import Limits, Settings

PATH = "/api/auth/session"
LIMITS = Limits(idle_s=20.0, total_s=20.0)
MAX_BODY_BYTES = 64 * 1024
REMEMBERED = 10_000
DEAD = {"unauthenticated": causes.DEAD_LOGIN, "blocked": causes.BLOCKED}
USER_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
NOT_ON_READS = frozenset({b"Content-Type", b"Origin", b"x-statsig-id"})
ID_PLACES = (
    ("session", "userId"),
    ("user", "id"),
    ("user", "userId"),
    ("user", "sub"),
    ("", "id"),
    ("", "userId"),
    ("", "sub"),
)


@dataclass(frozen=True, slots=True)
class Identity:
    user_id: str


class Known:
    """User ids that were asked for, the latest of them."""

    def __init__(self) -> None:
        self._ids: dict[bytes, str] = {}

    def of(self, login: Login) -> str:
        return self._ids.get(digest(login), "")

    def learn(self, login: Login, user_id: str) -> None:
        self._ids[digest(login)] = user_id
        if len(self._ids) > REMEMBERED:
            del self._ids[next(iter(self._ids))]


HOME = Known()


def digest(login: Login) -> bytes:
    return blake2b(login.token.encode(), digest_size=16).digest()


async def fetch(login: Login, settings: Settings) -> Identity:
    """Raises UpstreamFailure; its fault is CREDENTIAL for a session that is dead."""
    channel = pool.current().channel(settings)
    target = channel.hosts.base(PATH)
    signed = headers(login, settings)
    try:
        answer = await calls.send("GET", target, signed, None, settings, LIMITS)
    except UpstreamFailure as failure:
        if failure.fault is UpstreamFault.UNAUTHORIZED:
            raise dead(causes.DEAD_LOGIN) from failure
        raise
    return parse(await calls.drain(answer, MAX_BODY_BYTES))


async def known(login: Login, settings: Settings) -> str:
    """The user id of a login that came without; asked once. Raises UpstreamFailure."""
    user_id = HOME.of(login)
    if not user_id:
        try:
            user_id = (await fetch(login, settings)).user_id
        except UpstreamFailure as failure:
            failure.absent = False  # which says nothing of the call that wants the id
            raise
        if not USER_ID.fullmatch(user_id):
            raise failures.bad_payload()
        HOME.learn(login, user_id)
    return user_id


def headers(login: Login, settings: Settings) -> Signed:
    """A browser reads the session without saying where it is."""
    signed = json_headers(login, settings)
    plain = tuple(one for one in signed.plain if one[0] not in NOT_ON_READS)
    return replace(signed, plain=plain)


def parse(body: bytes) -> Identity:
    try:
        document = record(orjson.loads(body))
    except orjson.JSONDecodeError:
        document = {}
    if cause := DEAD.get(text(document.get("status"))):
        raise dead(cause)
    return Identity(first_id(document))


def dead(cause: Cause) -> UpstreamFailure:
    return failures.failure(cause, retryable=True)


def first_id(document: Json) -> str:
    for group, name in ID_PLACES:
        place = record(document.get(group)) if group else document
        if found := text(place.get(name)):
            return found
    return ""
