"""The one table that says what an upstream failure means."""

from datetime import UTC, datetime

import httpx
import pytest

from gateway.errors import Kind, UpstreamFault
from gateway.upstream import failures
from gateway.upstream.inband import StreamError
from tests.gateway.upstream.stand_in import Chosen

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
RETRY_ON = frozenset({429, 401, 503})
HTML = {"content-type": "text/html; charset=UTF-8"}
JSON = {"content-type": "application/json"}
DEAD = b'{"code":16,"message":"Failed to look up session ID [WKE=...]"}'
BLOCKED = b'{"code":"unauthorized:blocked-user","error":"User is blocked"}'
PAGE = b"<!DOCTYPE html><title>Just a moment...</title>"
POLICY = b'{"code":3,"message":"content-moderated"}'

UNAVAILABLE = Kind.UPSTREAM_UNAVAILABLE
BROKEN = (Kind.UPSTREAM_ERROR, UpstreamFault.SERVER)
CREDENTIAL = (UNAVAILABLE, UpstreamFault.CREDENTIAL)
CHALLENGE = (UNAVAILABLE, UpstreamFault.CHALLENGE)
REJECTED = (Kind.UPSTREAM_REJECTED, UpstreamFault.REJECTED)
LIMITED = (Kind.RATE_LIMITED, UpstreamFault.RATE_LIMITED)


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected", "retryable"),
    [
        (400, JSON, b'{"message":"bad"}', REJECTED, False),
        (400, JSON, DEAD, CREDENTIAL, True),
        (401, JSON, DEAD, CREDENTIAL, True),
        (403, JSON, BLOCKED, CREDENTIAL, True),
        (500, JSON, DEAD, BROKEN, False),
        (401, JSON, b"{}", (UNAVAILABLE, UpstreamFault.UNAUTHORIZED), True),
        (402, JSON, b"{}", (UNAVAILABLE, UpstreamFault.RATE_LIMITED), False),
        (403, {}, b"denied", (UNAVAILABLE, UpstreamFault.FORBIDDEN), False),
        (403, {}, b"", CHALLENGE, False),
        (403, HTML, b"<p>no</p>", CHALLENGE, False),
        (403, {}, PAGE, CHALLENGE, False),
        (503, HTML, PAGE, CHALLENGE, True),
        (429, {"cf-mitigated": "challenge"}, b"", CHALLENGE, True),
        (403, JSON, b'{"message":"Anti-bot rules"}', CHALLENGE, False),
        (403, JSON, POLICY, (Kind.CONTENT_POLICY, UpstreamFault.POLICY), False),
        (404, JSON, b"{}", BROKEN, False),
        (413, {}, b"", REJECTED, False),
        (422, {}, b"", REJECTED, False),
        (429, JSON, b"{}", LIMITED, True),
        (500, {}, b"oops", BROKEN, False),
        (502, HTML, b"<html>", BROKEN, False),
        (503, JSON, b"{}", BROKEN, True),
        (302, {}, b"", BROKEN, False),
        (204, {}, b"", BROKEN, False),
    ],
)
def test_statuses(status, headers, body, expected, retryable):
    failure = failures.of_response(status, headers, body, RETRY_ON, NOW)
    assert (failure.kind, failure.fault) == expected
    assert failure.retryable is retryable
    assert failure.status == status


def test_a_policy_answer_is_never_tried_again():
    failure = failures.of_response(403, JSON, POLICY, frozenset({403}), NOW)
    assert not failure.retryable


@pytest.mark.parametrize(
    ("status", "headers", "body", "absent"),
    [
        (404, JSON, b'{"code":5,"message":"Not Found"}', True),
        (405, {}, b"", True),
        (410, {}, b"gone", True),
        (404, {"cf-mitigated": "challenge"}, b"", False),
        (404, {}, b"<title>Just a moment...</title>", False),
        (404, JSON, b'{"message":"Session not found [bad-credentials]"}', False),
        (403, JSON, b"{}", False),
        (500, {}, b"", False),
    ],
)
def test_an_address_with_nothing_at_it(status, headers, body, absent):
    failure = failures.of_response(status, headers, body, RETRY_ON, NOW)
    assert failure.absent is absent


def test_messages_do_not_repeat_what_upstream_said():
    body = b'{"message":"token sso=SECRET at https://grok.com"}'
    for status in (400, 401, 402, 403, 404, 429, 500):
        failure = failures.of_response(status, JSON, body, RETRY_ON, NOW)
        assert "SECRET" not in failure.message
        assert "grok.com" not in failure.message


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("17", 17),
        (" 0 ", 1),
        ("-5", None),
        ("1.5", None),
        ("9" * 40, 86_400),
        ("\u0663", None),
        ("Fri, 01 May 2026 12:01:30 GMT", 90),
        ("Fri, 01 May 2026 11:00:00 GMT", 1),
        ("Fri, 01 May 2026 12:01:30 -0000", None),
        ("soon", None),
    ],
)
def test_retry_after(value, seconds):
    headers = httpx.Headers({"Retry-After": value.encode()})
    failure = failures.of_response(429, headers, b"", RETRY_ON, NOW)
    assert failures.retry_after(value, NOW) == seconds
    assert failure.retry_after_s == (seconds if value.isascii() else None)


@pytest.mark.parametrize(
    ("code", "text", "kind", "fault", "retryable"),
    [
        (8, "", *LIMITED, True),
        (None, "Too Many Requests", *LIMITED, True),
        (None, "rate limit exceeded", *LIMITED, True),
        (7, "usage limit reached", *LIMITED, True),
        (None, "Usage quota spent", *LIMITED, True),
        (7, "", *CHALLENGE, True),
        (None, "blocked by anti-bot rules", *CHALLENGE, True),
        (None, "Model is unavailable", UNAVAILABLE, UpstreamFault.SERVER, True),
        (7, "content-moderated", Kind.CONTENT_POLICY, UpstreamFault.POLICY, False),
        (None, "under heavy load", UNAVAILABLE, UpstreamFault.SERVER, True),
        (3, "Mode is unavailable", *REJECTED, False),
        (None, "invalid argument: prompt", *REJECTED, False),
        (16, "no session", UNAVAILABLE, UpstreamFault.UNAUTHORIZED, True),
        (16, "[WKE=unauthenticated:bad-credentials]", *CREDENTIAL, True),
        (7, "User is blocked [WKE=unauthorized:blocked-user]", *CREDENTIAL, True),
        (13, "boom", *BROKEN, False),
        (None, "frame too large", *BROKEN, False),
    ],
)
def test_errors_inside_a_stream(code, text, kind, fault, retryable):
    failure = failures.of_stream(StreamError(code, text), RETRY_ON)
    assert (failure.kind, failure.fault) == (kind, fault)
    assert failure.retryable is retryable


@pytest.mark.parametrize(
    ("error", "kind", "fault", "retryable"),
    [
        (httpx.ConnectError, Kind.UPSTREAM_ERROR, UpstreamFault.TRANSPORT, True),
        (httpx.ReadError, Kind.UPSTREAM_ERROR, UpstreamFault.TRANSPORT, False),
        (httpx.WriteError, Kind.UPSTREAM_ERROR, UpstreamFault.TRANSPORT, False),
        (
            httpx.RemoteProtocolError,
            Kind.UPSTREAM_ERROR,
            UpstreamFault.TRANSPORT,
            False,
        ),
        (httpx.ConnectTimeout, Kind.UPSTREAM_TIMEOUT, UpstreamFault.TIMEOUT, False),
        (httpx.ReadTimeout, Kind.UPSTREAM_TIMEOUT, UpstreamFault.TIMEOUT, False),
        (httpx.UnsupportedProtocol, Kind.INTERNAL, UpstreamFault.TRANSPORT, False),
    ],
)
def test_transport_errors(error, kind, fault, retryable):
    failure = failures.of_transport(error("x"))
    assert (failure.kind, failure.fault) == (kind, fault)
    assert failure.retryable is retryable


def test_silence_in_a_stream_is_told_from_a_spent_total():
    silent = failures.of_transport(httpx.ReadTimeout("x"), streaming=True)
    spent = failures.of_transport(httpx.ReadTimeout("x"), streaming=True, spent=True)
    assert silent.kind is Kind.IDLE_TIMEOUT
    assert spent.kind is Kind.UPSTREAM_TIMEOUT


def test_retry_codes_that_are_no_numbers_are_left_out():
    settings = Chosen(retry__on_codes=("429", " 503 ", "x", ""))
    assert failures.retry_statuses(settings) == {429, 503}
