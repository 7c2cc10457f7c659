"""How often somebody may fail to sign in: per name and address, and per address.

Each failure takes a place in the cache that all processes share and keeps it for the
length of the window; who finds no place left is locked out.
"""

import hashlib

from django.core.cache import cache

WINDOW_S = 15 * 60
FROM_ADDRESS = 20
WITH_NAME = 5


def limits(name: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    """What is counted, and how many failures each may have in a window."""
    return (
        (marked("with", f"{address} {name.casefold()}"), WITH_NAME),
        (marked("from", address), FROM_ADDRESS),
    )


def marked(kind: str, text: str) -> str:
    return f"sign-in:{kind}:{hashlib.sha256(text.encode()).hexdigest()}"


def places(counted: str, limit: int) -> list[str]:
    return [f"{counted}:{place}" for place in range(limit)]


def blocked(name: str, address: str) -> bool:
    wanted = limits(name, address)
    taken = cache.get_many([key for one in wanted for key in places(*one)])
    return any(taken.keys() >= set(places(*one)) for one in wanted)


def failed(name: str, address: str) -> None:
    """Take a place of each count; of several processes at once each takes its own."""
    for one in limits(name, address):
        any(cache.add(key, True, WINDOW_S) for key in places(*one))


def succeeded(name: str, address: str) -> None:
    """What failed under this name is forgiven; what failed from the address is not."""
    with_name, _from_address = limits(name, address)
    cache.delete_many(places(*with_name))
