import pytest

from gateway.allowances import anthropic_headers, duration, openai_headers
from gateway.keys.meters import Allowance, Standing

BOTH = Standing(Allowance(60, 12, 30.2), Allowance(1000, 0, 3600.0))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.01, "1s"),
        (59, "59s"),
        (59.5, "1m0s"),
        (61, "1m1s"),
        (3600, "1h0m0s"),
        (86_399.2, "24h0m0s"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_openai_names():
    assert dict(openai_headers(BOTH)) == {
        b"x-ratelimit-limit-requests": b"60",
        b"x-ratelimit-remaining-requests": b"12",
        b"x-ratelimit-reset-requests": b"31s",
        b"x-ratelimit-limit-tokens": b"1000",
        b"x-ratelimit-remaining-tokens": b"0",
        b"x-ratelimit-reset-tokens": b"1h0m0s",
    }


def test_anthropic_names():
    assert dict(anthropic_headers(BOTH, 1_800_000_000.0)) == {
        b"anthropic-ratelimit-requests-limit": b"60",
        b"anthropic-ratelimit-requests-remaining": b"12",
        b"anthropic-ratelimit-requests-reset": b"2027-01-15T08:00:30Z",
        b"anthropic-ratelimit-tokens-limit": b"1000",
        b"anthropic-ratelimit-tokens-remaining": b"0",
        b"anthropic-ratelimit-tokens-reset": b"2027-01-15T09:00:00Z",
    }


def test_what_has_no_limit_is_not_told():
    assert openai_headers(Standing()) == anthropic_headers(Standing(), 0.0) == []
