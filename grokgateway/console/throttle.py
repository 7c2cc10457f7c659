"""How often somebody may fail to sign in: per name and address, and per address.

Counted in the cache: with Redis for all processes together, else in each by itself.
"""

import hashlib

from django.core.cache import cache

WINDOW_S = 15 * 60
FROM_ADDRESS = 20
WITH_NAME = 5


def counters(name: str, address: str) -> dict[str, int]:
    """Cache keys and how many failures each may hold."""
    return {
        marked("with", f"{address} {name.casefold()}"): WITH_NAME,
        marked("from", address): FROM_ADDRESS,
    }


def marked(kind: str, text: str) -> str:
    return f"sign-in:{kind}:{hashlib.sha256(text.encode()).hexdigest()}"


def blocked(name: str, address: str) -> bool:
    limits = counters(name, address)
    counts = cache.get_many(limits)
    return any(counts.get(key, 0) >= limit for key, limit in limits.items())


def failed(name: str, address: str) -> None:
    """Count one failure; the first of a window decides when it ends."""
    for key in counters(name, address):
        if not cache.add(key, 1, WINDOW_S):
            count_on(key)


def count_on(key: str) -> None:
    try:
        cache.incr(key)
    except ValueError:  # the window ended since
        cache.add(key, 1, WINDOW_S)


def succeeded(name: str, address: str) -> None:
    """What failed under this name is forgiven; what failed from the address is not."""
    key, _rest = counters(name, address)
    cache.delete(key)
