"""Whose fault: the whole table, and what each layer may be blamed with."""

from datetime import UTC, datetime

import httpx
import pytest

from gateway import turn
from gateway.egress import causes
from gateway.egress.causes import TABLE, Again, Blame, Layer
from gateway.errors import UpstreamFault
from gateway.upstream import failures
from gateway.upstream.failures import ProxyFailure
from gateway.upstream.inband import StreamError

NOW = datetime(2026, 5, 1, tzinfo=UTC)
HTML = {"content-type": "text/html"}
JSON = {"content-type": "application/json"}
PAGE = b"<html><title>Just a moment...</title></html>"

STATUSES = [
    (403, {"cf-mitigated": "challenge"}, b"", "challenge", Blame.CLEARANCE),
    (403, {"server": "cloudflare", **HTML}, PAGE, "challenge", Blame.CLEARANCE),
    (503, HTML, PAGE, "challenge", Blame.CLEARANCE),
    (403, {}, b"", "challenge", Blame.CLEARANCE),
    (403, JSON, b'{"error":"anti-bot"}', "challenge", Blame.CLEARANCE),
    (401, JSON, b'{"message":"bad-credentials"}', "dead_login", Blame.ACCOUNT),
    (403, JSON, b'{"error":"blocked-user"}', "blocked", Blame.ACCOUNT),
    (401, JSON, b"{}", "unauthorized", Blame.ACCOUNT),
    (402, JSON, b"{}", "no_subscription", Blame.ACCOUNT),
    (403, JSON, b'{"error":"permission denied"}', "forbidden", Blame.ACCOUNT),
    (429, JSON, b"{}", "rate_limited", Blame.ACCOUNT),
    (403, JSON, b'{"error":"content-moderated"}', "policy", Blame.NOBODY),
    (400, JSON, b"{}", "rejected", Blame.NOBODY),
    (404, JSON, b"{}", "server_error", Blame.POOL),
    (500, HTML, b"<html>", "server_error", Blame.POOL),
    (502, {"server": "cloudflare", **HTML}, b"<html>", "server_error", Blame.POOL),
]
TRANSPORT = [
    (httpx.ConnectError("x"), "unreachable", "proxy_unreachable"),
    (httpx.ConnectTimeout("x"), "connect_timeout", "proxy_timeout"),
    (httpx.ReadError("x"), "cut", "proxy_reset"),
    (httpx.RemoteProtocolError("x"), "cut", "proxy_reset"),
    (httpx.ReadTimeout("x"), "no_answer", "no_answer"),
    (httpx.UnsupportedProtocol("x"), "not_sent", "not_sent"),
    (ProxyFailure(causes.PROXY_AUTH), "proxy_auth", "proxy_auth"),
]


@pytest.mark.parametrize(("status", "headers", "body", "code", "blame"), STATUSES)
def test_answers(status, headers, body, code, blame):
    failure = failures.of_response(status, headers, body, frozenset(), NOW)
    assert failure.cause == code
    assert TABLE[code].blame is blame


@pytest.mark.parametrize(("error", "direct", "proxied"), TRANSPORT)
def test_connections(error, direct, proxied):
    assert failures.of_transport(error).cause == direct
    assert failures.of_transport(error, proxied=True).cause == proxied


def test_what_breaks_after_the_head_is_nobodys_node():
    error = httpx.ReadError("x")
    failure = failures.of_transport(error, streaming=True, proxied=True)
    assert TABLE[failure.cause].blame is Blame.POOL


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StreamError(7, "x"), "anti_bot"),
        (StreamError(1, "usage limit"), "rate_limited"),
        (StreamError(1, "overloaded"), "overloaded"),
        (StreamError(1, "x"), "server_error"),
    ],
)
def test_errors_within_a_stream(error, code):
    assert failures.of_stream(error, frozenset()).cause == code


def test_the_table_is_whole_and_says_what_to_do():
    assert all(code == cause.code for code, cause in TABLE.items())
    assert all(str(cause.remedy) and cause.message for cause in TABLE.values())
    named = {
        value for value in vars(causes).values() if isinstance(value, causes.Cause)
    }
    assert named == set(TABLE.values())


def test_only_accounts_own_faults_reach_accounts():
    """A node's fault costs no account anything, and a challenge only the breaker."""
    for cause in TABLE.values():
        outcome = turn.OUTCOMES.get(cause.fault)
        if cause.blame in {Blame.NODE, Blame.NOBODY}:
            assert outcome is None, cause.code
        if cause.blame is Blame.ACCOUNT:
            assert outcome is not None, cause.code
        if cause.blame is Blame.CLEARANCE:
            assert cause.fault is UpstreamFault.CHALLENGE


def test_only_the_proxys_layer_is_blamed_on_nodes():
    for cause in TABLE.values():
        assert (cause.layer is Layer.PROXY) is (cause.blame is Blame.NODE), cause.code
        assert (cause.layer is Layer.EDGE) is (cause.again is Again.NEW_CLEARANCE)
