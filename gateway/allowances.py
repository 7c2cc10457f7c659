"""What is left to a key, as headers: the names both dialects' clients know."""

from datetime import UTC, datetime, timedelta

from gateway.keys.meters import Allowance, Standing

Headers = list[tuple[bytes, bytes]]


def openai_headers(standing: Standing) -> Headers:
    """`x-ratelimit-*`; a reset is a duration such as `6m0s`."""
    headers: Headers = []
    for name, one in named(standing):
        headers += [
            (f"x-ratelimit-limit-{name}".encode(), str(one.limit).encode()),
            (f"x-ratelimit-remaining-{name}".encode(), str(one.remaining).encode()),
            (f"x-ratelimit-reset-{name}".encode(), duration(one.reset_s).encode()),
        ]
    return headers


def anthropic_headers(standing: Standing, unix: float) -> Headers:
    """`anthropic-ratelimit-*`; a reset is a time (RFC 3339)."""
    now = datetime.fromtimestamp(unix, UTC)
    headers: Headers = []
    for name, one in named(standing):
        start = f"anthropic-ratelimit-{name}"
        reset = (now + timedelta(seconds=one.reset_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
        headers += [
            (f"{start}-limit".encode(), str(one.limit).encode()),
            (f"{start}-remaining".encode(), str(one.remaining).encode()),
            (f"{start}-reset".encode(), reset.encode()),
        ]
    return headers


def named(standing: Standing) -> list[tuple[str, Allowance]]:
    both = (("requests", standing.requests), ("tokens", standing.tokens))
    return [(name, one) for name, one in both if one is not None]


def duration(seconds: float) -> str:
    """Whole seconds, rounded up, in hours, minutes and seconds: `1h0m5s`."""
    whole = -int(-seconds // 1)
    hours, rest = divmod(whole, 3600)
    minutes, seconds_left = divmod(rest, 60)
    if hours:
        return f"{hours}h{minutes}m{seconds_left}s"
    return f"{minutes}m{seconds_left}s" if minutes else f"{seconds_left}s"
