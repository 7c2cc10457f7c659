"""A question is refused and the page is not: what about its signature is wrong."""

from base64 import b64encode

import httpx
import pytest

from gateway.doctor import membership
from gateway.doctor.findings import Check, State
from gateway.doctor.ladder import climb
from gateway.doctor.patients import Holder, Patient
from gateway.upstream import pool, signer
from gateway.upstream.headers import Login
from gateway.upstream.signer import Signatures
from gateway.upstream.statsig import FIXED
from tests.gateway.upstream.stand_in import Chosen

PATIENT = Patient(holder=Holder("acc_1", Login("t"), "super", "active", ("auto",)))
RUNGS = (
    (Check.STATSIG, membership.statsig),
    (Check.CREDENTIAL, membership.credential),
)
ROBOT = httpx.Response(403, json={"code": 7, "message": "anti-bot rules"})
LEFT = httpx.Response(200, json={"remainingQueries": 9, "totalQueries": 140})
OWN = "of-ones-own"
SIGNED = b64encode(b"s" * 70).decode()
SIGNER = {"upstream__statsig_signer_url": "http://127.0.0.1:7/sign"}
PAGE = '<meta name="grok-site-verification" content="YWJj">'


def signature(request: httpx.Request) -> str:
    value = request.headers.get("x-statsig-id", "")
    named = {FIXED.decode(): "fixed", OWN: "own", SIGNED: "signed", "": "none"}
    return named.get(value, "fresh")


async def found(takes: set[str], **settings: object):
    def upstream(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/index":
            return httpx.Response(200, html=PAGE)
        if request.method == "GET":
            return httpx.Response(200, json={"status": "authenticated"})
        return LEFT if signature(request) in takes else ROBOT

    with pool.carried_by(httpx.MockTransport(upstream)):
        return await climb(PATIENT, Chosen(**settings), (), RUNGS)


@pytest.mark.parametrize(
    ("takes", "settings", "code"),
    [
        ({"fresh", "fixed"}, {"upstream__statsig_value": OWN}, "statsig_value"),
        ({"fixed"}, {}, "statsig_fresh"),
        ({"fresh"}, {"features__dynamic_statsig": False}, "statsig_fixed"),
        (set(), {}, "statsig_refused"),
        (set(), {"upstream__statsig_value": OWN}, "statsig_refused"),
    ],
)
async def test_another_signature_tells_which_is_wrong(takes, settings, code):
    case = await found(takes, **settings)
    assert case.guilty is not None
    assert (case.guilty.check, case.guilty.code) == (Check.STATSIG, code)


@pytest.mark.parametrize(
    ("takes", "settings"),
    [
        ({"fresh"}, {}),
        ({"fixed"}, {"features__dynamic_statsig": False}),
        ({"own"}, {"upstream__statsig_value": OWN}),
    ],
)
async def test_what_is_taken_is_sound(takes, settings):
    case = await found(takes, **settings)
    assert [one.state for one in case.findings] == [State.OK, State.OK]


@pytest.fixture
def signing(monkeypatch):
    """What the signer answers."""
    answers = [httpx.Response(200, json={"x-statsig-id": SIGNED})]
    monkeypatch.setattr(signer, "HOME", Signatures())
    transport = httpx.MockTransport(lambda request: answers[-1])
    monkeypatch.setattr(signer, "Transport", lambda: transport)
    return answers


@pytest.mark.parametrize(
    ("takes", "answer", "code"),
    [
        ({"fresh"}, None, "statsig_signer"),
        ({"fresh"}, httpx.Response(500), "statsig_signer"),
        (set(), None, "statsig_refused"),
        (set(), httpx.Response(500), "statsig_refused"),
        ({"signed"}, None, ""),
        ({"none"}, httpx.Response(500), ""),
    ],
)
async def test_a_signer_is_told_from_what_it_signs(signing, takes, answer, code):
    if answer is not None:
        signing.append(answer)
    case = await found(takes, **SIGNER)
    assert (case.guilty.code if case.guilty else "") == code


@pytest.mark.parametrize(
    ("answer", "check"),
    [
        (httpx.Response(401, json={"error": "x"}), Check.CREDENTIAL),
        (httpx.Response(403, json={"error": "permission denied"}), Check.BLOCKED),
        (httpx.Response(403, html="<title>Just a moment...</title>"), Check.CHALLENGE),
        (httpx.Response(502), Check.UPSTREAM),
    ],
)
async def test_what_is_refused_for_something_else_is_told_there(answer, check):
    with pool.carried_by(httpx.MockTransport(lambda request: answer)):
        case = await climb(PATIENT, Chosen(), (), RUNGS)
    assert case.guilty is not None
    assert case.guilty.check is check
