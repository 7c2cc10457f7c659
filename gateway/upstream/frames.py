"""Upstream bytes to JSON objects (upstream-protocol 3.3), whatever these mean.

Lines are independent of one another, so a damaged line costs only itself. A line may
hold several objects; these are found by a scan for balanced braces, which is slow and
therefore only done for lines that are not one object, and for an unfinished line that
seems to end in an object.
"""

import re
from collections.abc import Iterable

import orjson

from gateway.upstream.fields import Json, decode

OBJECT_MAX_BYTES = 8 * 1024 * 1024

PAYLOAD = re.compile(rb"\s*(?:data:\s*)?(?=\{)")
DONE = re.compile(rb"\s*data:\s*\[DONE\]\s*")
HARMLESS = re.compile(rb"\s*(?:\Z|:|(?:data|event|id|retry):|\[DONE\])")
OUTSIDE_STRING = re.compile(rb'[{}"]')
INSIDE_STRING = re.compile(rb'["\\]')


def is_json(line: bytes | bytearray) -> bool:
    """Such as a number or a list, which says nothing here but is no noise either."""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


class ObjectScanner:
    """Cuts whole objects out of bytes in pieces; looks at each byte once."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._position = 0
        self._depth = 0
        self._quoted = False

    @property
    def size_bytes(self) -> int:
        """What is held of an object that is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes | bytearray) -> list[bytes]:
        self._buffer += data
        found = []
        while self._open() and self._reach_end():
            found.append(bytes(self._buffer[: self._position]))
            del self._buffer[: self._position]
        return found

    def _open(self) -> bool:
        if self._depth:
            return True
        start = self._buffer.find(b"{")
        if start < 0:
            self._buffer.clear()
            return False
        del self._buffer[:start]
        self._position = 1
        self._depth = 1
        return True

    def _reach_end(self) -> bool:
        pattern = INSIDE_STRING if self._quoted else OUTSIDE_STRING
        while match := pattern.search(self._buffer, self._position):
            self._position = match.end()
            mark = match[0]
            if mark == b"\\":
                self._position += 1
            elif mark == b'"':
                self._quoted = not self._quoted
                pattern = INSIDE_STRING if self._quoted else OUTSIDE_STRING
            else:
                self._depth += 1 if mark == b"{" else -1
                if not self._depth:
                    return True
        # An escape at the very end has already moved the position past it.
        self._position = max(self._position, len(self._buffer))
        return False


class Frames:
    """`finished` is set by `data: [DONE]`, `oversize` by an object over the limit,
    `truncated` by a body that ends inside an object, or in something else than frames,
    such as the error page of whoever stands between.

    After either no more objects come, and feeding more has no meaning.
    """

    def __init__(self, object_max_bytes: int = OBJECT_MAX_BYTES) -> None:
        self.finished = False
        self.oversize = False
        self.truncated = False
        self._object_max_bytes = object_max_bytes
        self._line = bytearray()
        self._scanner: ObjectScanner | None = None
        self._odd = False  # the last line meant nothing
        self._odd_after = -1  # so many objects of what is read now

    def feed(self, data: bytes) -> list[Json]:
        found: list[Json] = []
        self._odd_after = -1
        self._read(data, found)
        if self._odd_after >= 0 or found:
            self._odd = self._odd_after == len(found)
        return found

    def _read(self, data: bytes, found: list[Json]) -> None:
        if self._line or self._scanner is not None:
            head, newline, data = data.partition(b"\n")
            if not newline:
                self._hold(head, found)
                return
            self._line += head
            self._end_line(found)
        *lines, rest = data.split(b"\n")
        if len(data) > self._object_max_bytes:
            self._take_lines(lines, found)
        elif not self._is_over():
            self._take_small_lines(lines, found)
        if rest and not self._is_over():
            self._hold(rest, found)

    def _is_over(self) -> bool:
        return self.finished or self.oversize

    def close(self) -> list[Json]:
        """What an unfinished last line holds; sets `truncated` if something is cut."""
        found: list[Json] = []
        scanner = self._scanner or ObjectScanner()
        if self._scanner is None and PAYLOAD.match(self._line) is None:
            self._odd_after = -1
            self._end_line(found)
            self.truncated = self._odd or self._odd_after >= 0
            return found
        self._cut(scanner, self._line, found)
        self.truncated = scanner.size_bytes > 0
        self._line.clear()
        return found

    def _take_small_lines(self, lines: list[bytes], found: list[Json]) -> None:
        """The hot path: one object per line, no line near the limit."""
        loads = orjson.loads
        append = found.append
        for line in lines:
            try:
                if line.startswith(b"{"):
                    append(loads(line))
                elif line.startswith(b"data: {"):
                    append(loads(line[6:]))
                elif line:
                    self._take(line, found)
            except orjson.JSONDecodeError:
                self._take(line, found)
            if self.finished:
                return

    def _take_lines(self, lines: Iterable[bytes], found: list[Json]) -> None:
        for line in lines:
            if self._is_over():
                return
            self._take(line, found)

    def _take(self, line: bytes | bytearray, found: list[Json]) -> None:
        """One whole line of any kind."""
        payload = PAYLOAD.match(line)
        if payload is None:
            self.finished = DONE.fullmatch(line) is not None
            if not HARMLESS.match(line) and not is_json(line):
                self._odd_after = len(found)
            self.oversize = len(line) > self._object_max_bytes
            return
        content = line[payload.end() :]
        try:
            if len(content) <= self._object_max_bytes:
                found.append(orjson.loads(content))
                return
        except orjson.JSONDecodeError:
            pass
        self._cut(ObjectScanner(), content, found)

    def _cut(
        self, scanner: ObjectScanner, data: bytes | bytearray, found: list[Json]
    ) -> None:
        for raw in scanner.feed(data):
            if len(raw) > self._object_max_bytes:
                self._overflow()
                return
            value = decode(raw)
            if value is not None:
                found.append(value)
        if scanner.size_bytes > self._object_max_bytes:
            self._overflow()

    def _hold(self, piece: bytes, found: list[Json]) -> None:
        """A piece of a line without its end; whole objects in it are taken now."""
        self._line += piece
        if piece.rstrip().endswith(b"}") or b"}{" in piece or self._is_full():
            self._scan(found)
            if self._is_full():
                self._overflow()

    def _is_full(self) -> bool:
        scanned = 0 if self._scanner is None else self._scanner.size_bytes
        return len(self._line) + scanned > self._object_max_bytes

    def _overflow(self) -> None:
        self.oversize = True
        self._line.clear()
        self._scanner = None

    def _scan(self, found: list[Json]) -> None:
        if self._scanner is None:
            payload = PAYLOAD.match(self._line)
            if payload is None:
                return
            del self._line[: payload.end()]
            self._scanner = ObjectScanner()
        line, self._line = self._line, bytearray()
        self._cut(self._scanner, line, found)

    def _end_line(self, found: list[Json]) -> None:
        line, self._line = self._line, bytearray()
        scanner, self._scanner = self._scanner, None
        if scanner is not None:
            self._cut(scanner, line, found)
        else:
            self._take(line, found)
