"""What an account can be told to do: accept terms, declare a birth date, adult content.

Wire facts of section 10; each call raises UpstreamFailure.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import orjson

from gateway.errors import UpstreamFailure
from gateway.upstream import calls, failures, grpcweb, pool
from gateway.upstream.headers import Login, Signed, json_headers, signed_for
from gateway.upstream.limits import ERROR_BODY_BYTES, Limits, Settings

TERMS_SET_PATH = "/rest/auth/set-tos-accepted"
TERMS_VERSION = 5
TERMS_PATH = "/auth_mgmt.AuthManagement/SetTosAcceptedVersion"
TERMS = bytes.fromhex("1001")  # field 2 = 1
CONTROLS_PATH = "/auth_mgmt.AuthManagement/UpdateUserFeatureControls"
CONTROL_NAME = b"always_show_nsfw_content"
BIRTH_DATE_PATH = "/rest/auth/set-birth-date"
BIRTH_TIME = "T16:00:00.000Z"
ALREADY_SET = b"birth-date-change-limit-reached"
TAKEN = frozenset({200, 201, 204})
ACCEPTED = TAKEN | {429}
PAGE = "/?_s=data"
TERMS_PAGE = "/accept-tos"
GRPC_HEADERS = (
    (b"Content-Type", b"application/grpc-web+proto"),
    (b"Accept", b"*/*"),
    (b"x-grpc-web", b"1"),
    (b"x-user-agent", b"connect-es/2.1.1"),
    (b"Cache-Control", b"no-cache"),
    (b"Pragma", b"no-cache"),
)


async def accept_terms(login: Login, settings: Settings) -> None:
    """On the accounts host, which has an origin of its own; then on the base host.

    Cloudflare's cookies as configured are the base host's, and go to no other; the
    accounts host has a clearance of its own. An upstream without the second step is
    content with the first.
    """
    origin = settings.text("upstream.accounts_url").rstrip("/")
    signed = signed_for(login, settings, origin, origin + TERMS_PAGE)
    headers = replace(unsigned(signed), cloudflare="")
    await grpc(origin + TERMS_PATH, headers, TERMS, settings)
    try:
        answer = await calls.send(
            "POST",
            pool.current().channel(settings).hosts.base(TERMS_SET_PATH),
            json_headers(login, settings),
            orjson.dumps({"tosVersion": TERMS_VERSION}),
            settings,
            limits(settings),
            TAKEN,
        )
    except UpstreamFailure as failure:
        if not failure.absent:
            raise
    else:
        await calls.drain(answer)


def unsigned(signed: Signed) -> Signed:
    """Without the anti-bot value, which some calls go without (13.2)."""
    kept = tuple(one for one in signed.plain if one[0] != b"x-statsig-id")
    return replace(signed, plain=kept)


async def show_adult_content(
    login: Login, settings: Settings, *, enabled: bool
) -> None:
    base = settings.text("upstream.base_url").rstrip("/")
    switch = bytes((0x0A, 2, 0x10, int(enabled)))
    named = bytes((0x0A, len(CONTROL_NAME))) + CONTROL_NAME
    payload = switch + bytes((0x12, len(named))) + named
    headers = json_headers(login, settings, PAGE)
    await grpc(base + CONTROLS_PATH, headers, payload, settings)


async def declare_birth_date(login: Login, settings: Settings, born: date) -> bool:
    """False where upstream has one already, which it never changes (13.8)."""
    body = orjson.dumps({"birthDate": f"{born.isoformat()}{BIRTH_TIME}"})
    channel = pool.current().channel(settings)
    answer = await calls.send(
        "POST",
        channel.hosts.base(BIRTH_DATE_PATH),
        json_headers(login, settings, PAGE),
        body,
        settings,
        limits(settings),
        ACCEPTED,
    )
    told = await calls.drain(answer)
    if answer.status != 429:
        return True
    if ALREADY_SET in told:
        return False
    raise refused(429, answer, told, settings)


async def grpc(
    url: str, headers: Signed, payload: bytes, settings: Settings
) -> tuple[bytes, ...]:
    """The messages of a good reply. Raises UpstreamFailure."""
    channel = pool.current().channel(settings)
    replaced = {name.lower() for name, _ in GRPC_HEADERS}
    kept = tuple(pair for pair in headers.plain if pair[0].lower() not in replaced)
    answer = await calls.send(
        "POST",
        channel.hosts.at(url),
        Signed((*kept, *GRPC_HEADERS), headers.login, headers.cloudflare),
        grpcweb.frame(payload),
        settings,
        limits(settings),
    )
    body = await calls.drain(answer, ERROR_BODY_BYTES)
    try:
        reply = grpcweb.read(body, answer.headers)
    except grpcweb.BadFrame as exc:
        raise failures.bad_payload() from exc
    if reply.status not in grpcweb.SUCCESS:
        raise refused(reply.http_status, answer, reply.message.encode(), settings)
    return reply.messages


def refused(
    status: int, answer: calls.Answer, body: bytes, settings: Settings
) -> UpstreamFailure:
    retry_on = failures.retry_statuses(settings)
    now = datetime.now(UTC)
    return failures.of_response(status, answer.headers, body, retry_on, now)


def limits(settings: Settings) -> Limits:
    seconds = float(settings.number("nsfw.timeout"))
    return Limits(idle_s=seconds, total_s=seconds)
