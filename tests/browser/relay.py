"""A TCP relay in front of a gateway, whose lines can be cut."""

import contextlib
import selectors
import socket
import threading
from urllib.parse import urlsplit

BLOCK = 65_536


class Relay:
    """`with Relay(gateway.url) as relay: ...`; `relay.url` is where pages go."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.pairs: dict[socket.socket, socket.socket] = {}
        self.lock = threading.Lock()
        self.open = True

    def __enter__(self) -> "Relay":
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.open = False
        self.cut()
        self.thread.join(timeout=5)
        self.listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        while self.open:
            for key, _ in self.selector.select(timeout=0.2):
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    self.pass_on(key.fileobj)  # type: ignore[arg-type]  # only sockets

    def accept(self) -> None:
        page, _ = self.listener.accept()
        gateway = socket.create_connection(self.target, timeout=5)
        gateway.settimeout(5)
        page.settimeout(5)
        with self.lock:
            for one, other in ((page, gateway), (gateway, page)):
                self.pairs[one] = other
                self.selector.register(one, selectors.EVENT_READ)

    def pass_on(self, one: socket.socket) -> None:
        try:
            data = one.recv(BLOCK)
            if data:
                self.pairs[one].sendall(data)
                return
        except (OSError, KeyError):
            data = b""
        self.end(one)

    def end(self, one: socket.socket) -> None:
        with self.lock:
            other = self.pairs.pop(one, None)
            for side in (one, other):
                if side is None:
                    continue
                self.pairs.pop(side, None)
                with contextlib.suppress(KeyError, ValueError):
                    self.selector.unregister(side)
                side.close()

    def cut(self) -> None:
        """Every line that is open now breaks."""
        for one in list(self.pairs):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
