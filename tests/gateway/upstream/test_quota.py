"""What an account has left."""

import httpx
import orjson
import pytest

from gateway.errors import UpstreamFailure, UpstreamFault
from gateway.upstream import pool, quota
from gateway.upstream.headers import Login
from gateway.upstream.quota import QuotaReading, parse
from tests.gateway.upstream.stand_in import Chosen

FULL = (
    b'{"windowSizeSeconds":7200,"remainingQueries":48,"totalQueries":50,'
    b'"lowEffortRateLimits":null,"highEffortRateLimits":null}'
)


@pytest.mark.parametrize(
    ("body", "mode", "expected"),
    [
        (FULL, "auto", QuotaReading(48, 50, 7200)),
        (b'{"remainingQueries":3}', "auto", QuotaReading(3, 3, 7200)),
        (b'{"remainingQueries":3}', "fast", QuotaReading(3, 3, 86400)),
        (
            b'{"remainingQueries":-1,"totalQueries":20,"windowSizeSeconds":0}',
            "heavy",
            QuotaReading(0, 20, 7200),
        ),
        (b'{"remainingQueries":0,"totalQueries":0}', "auto", None),
        (b'{"remainingQueries":0}', "auto", None),
        (b'{"remainingQueries":1,"totalQueries":"many"}', "auto", None),
        (b'{"remainingQueries":true,"totalQueries":5}', "auto", None),
        (b'{"totalQueries":5}', "auto", None),
        (b"[]", "auto", None),
        (b"<html>", "auto", None),
        (b"", "auto", None),
    ],
)
def test_parse(body, mode, expected):
    assert parse(body, mode) == expected


async def asked(status: int, body: bytes):
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, content=body)

    with pool.carried_by(httpx.MockTransport(answer)):
        reading = await quota.fetch(Login("tok"), "grok_4_3", Chosen())
    return reading, requests[0]


async def test_it_asks_for_one_mode():
    reading, request = await asked(200, FULL)
    assert reading == QuotaReading(48, 50, 7200)
    assert request.url == "https://grok.com/rest/rate-limits"
    assert orjson.loads(request.content) == {"modelName": "grok-420-computer-use-sa"}
    assert request.headers["cookie"] == "sso=tok; sso-rw=tok"
    assert request.headers["referer"] == "https://grok.com/"


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
async def test_errors_tell_nothing(status):
    reading, _ = await asked(status, b'{"message":"no"}')
    assert reading is None


async def test_a_dead_login_is_raised():
    with pytest.raises(UpstreamFailure) as caught:
        await asked(401, b'{"message":"[WKE=unauthenticated:bad-credentials]"}')
    assert caught.value.fault is UpstreamFault.CREDENTIAL
