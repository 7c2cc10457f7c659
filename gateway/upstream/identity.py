"""Who a login belongs to (13.1): the user id, and whether the session is alive."""

from dataclasses import dataclass

import orjson

from gateway.errors import Kind, UpstreamFailure, UpstreamFault
from gateway.upstream import calls, pool
from gateway.upstream.fields import Json, record, text
from gateway.upstream.headers import Login, json_headers
from gateway.upstream.limits import Limits, Settings

PATH = "/api/auth/session"
LIMITS = Limits(idle_s=20.0, total_s=20.0)
MAX_BODY_BYTES = 64 * 1024
DEAD = frozenset({"unauthenticated", "blocked"})
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


async def fetch(login: Login, settings: Settings) -> Identity:
    """Raises UpstreamFailure; its fault is CREDENTIAL for a session that is dead."""
    channel = pool.current().channel(settings)
    headers = json_headers(login, settings)
    answer = await calls.send(
        "GET", channel.hosts.base(PATH), headers, None, settings, LIMITS
    )
    return parse(await calls.drain(answer, MAX_BODY_BYTES))


def parse(body: bytes) -> Identity:
    try:
        document = record(orjson.loads(body))
    except orjson.JSONDecodeError:
        document = {}
    if text(document.get("status")) in DEAD:
        raise UpstreamFailure(
            Kind.UPSTREAM_UNAVAILABLE,
            "Upstream no longer accepts the account's session.",
            fault=UpstreamFault.CREDENTIAL,
            retryable=True,
        )
    return Identity(first_id(document))


def first_id(document: Json) -> str:
    for group, name in ID_PLACES:
        place = record(document.get(group)) if group else document
        if found := text(place.get(name)):
            return found
    return ""
