"""An upstream whose answers never end, and readers that hardly read."""

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Iterator

FRAME = json.dumps(
    {
        "result": {
            "response": {
                "token": "x" * 16_384,
                "isThinking": False,
                "messageTag": "final",
            }
        }
    }
).encode()
OPENING = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
NO_SUCH = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
SMALL_BUFFER = 16_384


class Endless(socketserver.ThreadingTCPServer):
    """`sent` counts the bytes each open answer has got rid of, by connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.sent: dict[int, int] = {}
        self.open = 0
        self.guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def count(self, key: int, size: int) -> None:
        with self.guard:
            self.sent[key] = self.sent.get(key, 0) + size

    def opened(self, change: int) -> None:
        with self.guard:
            self.open += change


class Answer(socketserver.StreamRequestHandler):
    server: Endless

    def handle(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
        path, length = self.asked()
        self.rfile.read(length)
        if "/conversations/" not in path:
            self.wfile.write(NO_SUCH)
            return
        self.server.opened(1)
        with contextlib.suppress(OSError):
            self.wfile.write(OPENING)
            while True:
                data = FRAME + b"\n"
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
                self.server.count(id(self), len(data))
        self.server.opened(-1)

    def asked(self) -> tuple[str, int]:
        path, length = self.rfile.readline().decode().split(" ")[1], 0
        while line := self.rfile.readline().strip().lower():
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return path, length


@contextlib.contextmanager
def endless() -> Iterator[Endless]:
    with Endless() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def asking(address: tuple[str, int], request: bytes, buffer: int) -> socket.socket:
    """A connection with the request sent, whose system buffers as little as it may."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.settimeout(30)
    made.connect(address)
    made.sendall(request)
    return made
