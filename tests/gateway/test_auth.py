import ipaddress

import pytest

from gateway.auth import OPEN, Caller, Credentials, Policy, authenticate
from gateway.errors import GatewayError, Kind

NOW = 1_800_000_000.0
PROXIES = (ipaddress.ip_network("10.0.0.0/8"),)


def shown(authorization=None, x_api_key=None, peer="127.0.0.1", **more):
    return Credentials(authorization, x_api_key, peer, **more)


@pytest.mark.parametrize(
    "credentials",
    [
        shown("Bearer one"),
        shown("bearer  one "),
        shown(x_api_key="two"),
        shown("Basic xyz", "two"),
        shown("Bearer", "one"),
    ],
)
def test_either_header_opens_the_door(credentials):
    caller = authenticate(
        credentials, Policy(("one", "two"), allow_anonymous=False), NOW
    )
    assert caller.fingerprint.startswith("key_")


@pytest.mark.parametrize(
    "credentials",
    [
        shown(),
        shown("Bearer three"),
        shown("Bearer wrong", "one"),
        shown("Bearer \u65e5\u672c"),
        shown(x_api_key="\udcff"),
    ],
)
def test_a_missing_or_wrong_key_is_refused(credentials):
    with pytest.raises(GatewayError) as caught:
        authenticate(credentials, Policy(("one",), allow_anonymous=True), NOW)
    assert caught.value.kind is Kind.INVALID_API_KEY


@pytest.mark.parametrize(
    ("credentials", "allowed"),
    [
        (shown(peer="127.0.0.1"), True),
        (shown(peer="192.168.1.5"), True),
        (shown(peer="::1"), True),
        (shown(peer="::ffff:127.0.0.1"), True),
        (shown(peer=""), True),
        (shown(peer="8.8.8.8"), False),
        (shown(peer="not an address"), False),
        (shown(peer="127.0.0.1", forwarded=True), False),
        (shown(peer="127.0.0.1", forwarded=True, forwarded_for="127.0.0.1"), False),
        (shown(peer="10.0.0.1", forwarded=True, forwarded_for="192.168.0.9"), True),
        (shown(peer="10.0.0.1", forwarded=True, forwarded_for="8.8.8.8"), False),
        (
            shown(
                peer="10.0.0.1", forwarded=True, forwarded_for="192.168.0.9, 8.8.8.8"
            ),
            False,
        ),
        (shown(peer="10.0.0.1", forwarded=True), False),
    ],
)
def test_without_keys_only_private_callers_are_served(credentials, allowed):
    policy = Policy((), allow_anonymous=False, trusted_proxies=PROXIES)
    if allowed:
        assert authenticate(credentials, policy, NOW) is OPEN
    else:
        with pytest.raises(GatewayError):
            authenticate(credentials, policy, NOW)


def test_the_operator_can_open_the_door_on_purpose():
    policy = Policy((), allow_anonymous=True)
    assert authenticate(shown(peer="8.8.8.8"), policy, NOW) is OPEN


@pytest.mark.parametrize(
    ("caller", "allowed"),
    [
        (OPEN, True),
        (Caller("a", models=frozenset({"grok"})), True),
        (Caller("a", models=frozenset({"other"})), False),
        (Caller("a", pools=frozenset({"heavy"})), True),
        (Caller("a", pools=frozenset({"basic"})), False),
        (Caller("a", frozenset({"grok"}), frozenset({"basic"})), False),
    ],
)
def test_a_model_needs_its_name_and_one_of_its_pools_allowed(caller, allowed):
    if allowed:
        caller.permit("grok", ("super", "heavy"))
    else:
        with pytest.raises(GatewayError) as caught:
            caller.permit("grok", ("super", "heavy"))
        assert caught.value.kind is Kind.MODEL_NOT_ALLOWED
        assert caught.value.param == "model"


def test_what_is_within_reach_of_a_caller():
    usable = {("super", "auto"), ("basic", "fast")}
    assert OPEN.within_reach(usable) == usable
    limited = Caller("a", pools=frozenset({"basic", "heavy"}))
    assert limited.within_reach(usable) == {("basic", "fast")}
