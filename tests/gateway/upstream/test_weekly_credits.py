"""Credits of the week, as bytes of a message (13.6)."""

import struct

import pytest

from gateway.sandbox import accounts, allowances
from gateway.upstream.weekly_credits import BadMessage, parse

WHOLE = allowances.instant(1_770_000_000, 0)
BROKEN = allowances.instant(1_770_000_000, 500_000_000)


def config(*parts):
    return allowances.told(1, b"".join(parts))


def share(number, value):
    return bytes((number << 3 | 5,)) + struct.pack("<f", value)


def product(code, value):
    return allowances.told(7, b"\x08" + allowances.varint(code) + share(2, value))


def test_what_is_used_in_all_and_by_products():
    message = config(
        share(1, 40.25),
        allowances.told(4, WHOLE),
        allowances.told(5, BROKEN),
        product(4, 30.0),
        product(5, 10.25),
        product(99, 0.0),
        allowances.told(12, b"of the future"),
    )
    found = parse(message)
    assert found is not None
    assert found.percent == 40.25
    assert found.products == {"chat": 30.0, "imagine": 10.25, "product_99": 0.0}
    assert found.begins_at is not None
    assert found.begins_at.timestamp() == 1_770_000_000


@pytest.mark.parametrize(
    ("bounds", "percent"), [(WHOLE, None), (BROKEN, 0.0), (None, None)]
)
def test_without_a_percentage_the_bounds_tell(bounds, percent):
    message = config(*([allowances.told(4, bounds)] if bounds else []))
    found = parse(message)
    assert (found.percent if found else None) == percent


@pytest.mark.parametrize(
    "message",
    [
        b"\xff",
        b"\x0a\x05ab",
        b"\x0b",
        config(b"\x08\x01"),
        config(share(1, float("nan"))),
        config(share(1, -1.0)),
        config(allowances.told(1, b"abc")),
        config(b"\x20\x01"),
        config(allowances.told(4, allowances.told(1, b"x"))),
        b"\x80" * 12,
    ],
)
def test_what_is_no_such_message_is_refused(message):
    with pytest.raises(BadMessage):
        parse(message)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("sandbox-basic-1", None),
        ("sandbox-super-1", 0.0),
        ("sandbox-heavy-credits37", 37.0),
    ],
)
def test_the_sandbox_tells_it_so(token, expected):
    account = accounts.from_token(token, 0.0)
    assert account is not None
    found = parse(allowances.config_of(account))
    assert (found.percent if found else None) == expected
    if expected and found:
        assert found.products == {"imagine": expected}
