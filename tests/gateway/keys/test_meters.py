"""The counters of one key, moved through time by hand."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.keys.cards import Limits
from gateway.keys.meters import Allowance, Amount, Meter, Moment

NOON = 20_000 * 86_400.0 + 43_200
DAY = 20_000


def at(seconds, **limits):
    return Moment(steady=seconds, unix=NOON + seconds)


def refused(meter, limits, moment):
    with pytest.raises(GatewayError) as caught:
        meter.enter(limits, moment)
    assert caught.value.kind is Kind.RATE_LIMITED
    return caught.value


def test_without_limits_everything_goes():
    meter = Meter()
    for second in range(1000):
        meter.enter(Limits(), at(second))
    assert meter.in_minute == 0  # nothing is remembered that nothing asks for


def test_the_minute_slides():
    meter, limits = Meter(), Limits(requests_per_min=2)
    meter.enter(limits, at(0))
    meter.enter(limits, at(30))
    error = refused(meter, limits, at(59.5))
    assert error.retry_after_s == 1
    assert "2 requests a minute" in error.message
    meter.enter(limits, at(60))
    assert refused(meter, limits, at(60)).retry_after_s == 30


def test_a_refused_request_counts_for_nothing():
    meter, limits = Meter(), Limits(requests_per_min=1, requests_per_day=5)
    meter.enter(limits, at(0))
    for _ in range(10):
        refused(meter, limits, at(1))
    assert meter.tally(DAY).used == Amount(requests=1)
    assert meter.open == 1
    meter.enter(limits, at(61))


def test_requests_at_once():
    meter, limits = Meter(), Limits(concurrent=2)
    meter.enter(limits, at(0))
    meter.enter(limits, at(0))
    assert refused(meter, limits, at(1)).retry_after_s == 1
    meter.leave(0, DAY)
    meter.enter(limits, at(2))


def test_requests_a_day_are_free_again_at_midnight_utc():
    meter, limits = Meter(), Limits(requests_per_day=1)
    meter.enter(limits, at(0))
    error = refused(meter, limits, at(3600))
    assert error.retry_after_s == 43_200 - 3600
    meter.enter(limits, at(43_200))


def test_tokens_a_day_are_counted_when_they_are_known():
    meter, limits = Meter(), Limits(tokens_per_day=100)
    meter.enter(limits, at(0))
    meter.enter(limits, at(1))
    meter.leave(60, DAY)
    meter.enter(limits, at(2))
    meter.leave(40, DAY)
    error = refused(meter, limits, at(3))
    assert "100 tokens a day" in error.message


def test_a_request_over_midnight_belongs_to_the_day_it_began_on():
    meter, limits = Meter(), Limits(tokens_per_day=10)
    meter.enter(limits, at(43_199))
    meter.enter(limits, at(43_201))
    meter.leave(50, DAY)
    assert meter.tally(DAY + 1).used == Amount(requests=1)
    assert meter.open == 1


def test_what_others_used_counts_too():
    meter, limits = Meter(), Limits(requests_per_day=3)
    meter.tally(DAY).elsewhere = Amount(requests=2)
    meter.enter(limits, at(0))
    refused(meter, limits, at(1))


def test_a_clock_that_goes_back_over_midnight_forgives_nothing():
    meter, limits = Meter(), Limits(requests_per_day=1)
    meter.enter(limits, at(43_201))
    refused(meter, limits, at(43_199))


def test_standing_names_the_limit_that_is_nearest():
    meter = Meter()
    limits = Limits(requests_per_min=10, requests_per_day=100, tokens_per_day=1000)
    meter.enter(limits, at(0))
    meter.enter(limits, at(20))
    meter.leave(300, DAY)
    standing = meter.standing(limits, at(30))
    assert standing.requests == Allowance(10, 8, 50.0)
    assert standing.tokens == Allowance(1000, 700, 43_170.0)
    meter.tally(DAY).elsewhere = Amount(requests=97)
    assert meter.standing(limits, at(30)).requests == Allowance(100, 1, 43_170.0)


def test_standing_of_a_key_at_rest():
    limits = Limits(requests_per_min=10, tokens_per_day=5)
    standing = Meter().standing(limits, at(0))
    assert standing.requests == Allowance(10, 10, 0.0)
    assert standing.tokens == Allowance(5, 5, 0.0)
    assert Meter().standing(Limits(concurrent=1), at(0)).requests is None


def test_nothing_is_left_below_nothing():
    meter, limits = Meter(), Limits(tokens_per_day=5)
    meter.enter(limits, at(0))
    meter.leave(50, DAY)
    standing = meter.standing(limits, at(0))
    assert standing.tokens is not None
    assert standing.tokens.remaining == 0


def test_a_limit_that_is_lowered_acts_at_once():
    meter = Meter()
    for second in range(5):
        meter.enter(Limits(requests_per_min=10), at(second))
    refused(meter, Limits(requests_per_min=3), at(5))
