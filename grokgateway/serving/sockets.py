"""The listening address: bound before any worker starts, so that a clash shows."""

import socket
import time

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A bound, listening socket; port 0 takes a free one. Raises OSError."""
    family, kind, proto, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def wait_until_accepting(host: str, port: int, *, limit_s: float) -> bool:
    """Tries to connect until it works; False once the limit is over."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not bound
    ends_at = time.monotonic() + limit_s
    while time.monotonic() < ends_at:
        try:
            socket.create_connection((target, port), timeout=1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False
