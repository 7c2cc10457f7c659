"""The Redis that is the store: its head, its changes, its rows, the right to write.

No SQL here. Everything that goes wrong on the way is `Away`.
"""

import functools
import logging
import secrets
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from grokgateway.replica import scripts
from grokgateway.replica.capture import Change
from grokgateway.replica.errors import Away, Busy, Refused
from grokgateway.replica.places import Place

logger = logging.getLogger(__name__)
PREFIX = "g2:store:"
TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 2.0
LEASE_MS = 10_000  # as long may others wait for a node that died while writing
WAIT_S = 15.0
PAUSES_S = (0.002, 0.005, 0.01, 0.02)
STREAM_BYTES = 64 * 1024 * 1024
PAGE_ROWS = 2000
ENTRIES_AT_ONCE = 16
GONE = " "
Ids = Mapping[str, int]  # by table, the highest key given


class Gap(Exception):
    """The changes since that place are no longer known, or it lies on another line."""


@dataclass(frozen=True, slots=True)
class Head:
    place: Place
    layout: str
    keys: str


@dataclass(frozen=True, slots=True)
class Entry:
    place: Place
    changes: Sequence[Change]


class Server:
    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),  # every step may be repeated
        )
        self.stream_bytes = STREAM_BYTES
        self._away = False
        self._followed_at = time.monotonic()

    def noted(self, error: Refused | None) -> None:
        """Log it once when the store cannot be followed, and once when it can."""
        if error is not None and not self._away:
            logger.warning("%s", error)
        if error is None and self._away:
            logger.warning("Accounts and settings are followed in Redis again.")
        self._away = error is not None
        if error is None:
            self._followed_at = time.monotonic()

    def followed(self, patience_s: float) -> bool:
        """Whether it could be followed of late, by this process."""
        return not self._away or time.monotonic() - self._followed_at < patience_s

    def head(self) -> Head | None:
        with asking():
            found = texts(self._redis.hgetall(f"{PREFIX}head"))
        if not found:
            return None
        place = Place(int(found["seq"]), found["mark"])
        return Head(place, found["layout"], found["keys"])

    def entries(self, since: Place) -> Iterator[Entry]:
        """Changes after that place in order; raises `Gap`."""
        place = since
        for entry in self._entries(since.seq):
            if entry.place.seq == since.seq:
                if entry.place != since:
                    raise Gap
                continue
            if entry.place.seq != place.seq + 1:
                raise Gap
            place = entry.place
            yield entry

    def _entries(self, seq: int) -> Iterator[Entry]:
        first = True
        while True:
            with asking():
                found: Any = self._redis.xrange(
                    f"{PREFIX}stream", f"{seq}-0", "+", ENTRIES_AT_ONCE
                )
            if first and (not found or number(found[0][0]) != seq):
                raise Gap  # without its own entry a place may be on another line
            first = False
            for name, fields in found:
                place = Place(number(name), fields[b"mark"].decode())
                yield Entry(place, unpacked(fields[b"rows"]))
            if len(found) < ENTRIES_AT_ONCE:
                return
            seq = number(found[-1][0]) + 1

    def rows(self, table: str) -> Iterator[list[bytes]]:
        """Pages of all rows by key; what changes meanwhile may be old, new or missing.

        In the order of keys they are stored several times as fast.
        """
        with asking():
            keys: Any = self._redis.hkeys(f"{PREFIX}t:{table}")
        keys.sort(key=lambda key: (len(key), key))
        for start in range(0, len(keys), PAGE_ROWS):
            with asking():
                page: Any = self._redis.hmget(
                    f"{PREFIX}t:{table}", keys[start : start + PAGE_ROWS]
                )
            yield [text for text in page if text is not None]

    def ids(self) -> Ids:
        with asking():
            found = texts(self._redis.hgetall(f"{PREFIX}ids"))
        return {table: int(highest) for table, highest in found.items()}

    @contextmanager
    def lease(self, wait_s: float = WAIT_S) -> Iterator[str]:
        """The right to write, as a token; raises `Busy`."""
        token = secrets.token_hex(8)
        self._acquire(token, wait_s)
        try:
            yield token
        finally:
            with suppress(Away):  # it then ends by itself
                self._run(scripts.RELEASE, token)

    def _acquire(self, token: str, wait_s: float) -> None:
        ends_at, tries = time.monotonic() + wait_s, 0
        while not self._run(scripts.ACQUIRE, token, LEASE_MS):
            if time.monotonic() > ends_at:
                raise Busy
            time.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    def publish(
        self, token: str, here: Place, layout: str, ids: Ids, changes: Sequence[Change]
    ) -> Place:
        """One step: rows, stream and head; gives the right to write back."""
        place = Place(here.seq + 1, secrets.token_hex(8))
        rows = [
            value
            for change in changes
            for value in (
                change.table,
                change.key,
                GONE if change.text is None else change.text,
            )
        ]
        answer = self._run(
            scripts.PUBLISH,
            *(token, layout, here.seq, here.mark, place.mark, self.stream_bytes),
            *(packed(changes), len(ids)),
            *(value for pair in ids.items() for value in pair),
            *rows,
        )
        judged(answer)
        return place

    def stage(self, token: str, table: str, rows: Mapping[str, str]) -> None:
        flat = [value for pair in rows.items() for value in pair]
        judged(self._run(scripts.STAGE, token, LEASE_MS, table, *flat))

    def finish(self, token: str, head: Head, ids: Ids) -> None:
        place = head.place
        judged(
            self._run(
                scripts.FINISH,
                *(token, place.seq, place.mark, head.layout, head.keys, len(ids)),
                *(value for pair in ids.items() for value in pair),
            )
        )

    def _run(self, script: str, *values: str | bytes | int) -> object:
        with asking():
            return self._redis.eval(script, 1, PREFIX, *values)


@functools.lru_cache(maxsize=4)
def server_of(url: str, pid: int) -> Server:
    """One for each process: a forked child may not share connections."""
    return Server(url)


@contextmanager
def asking() -> Iterator[None]:
    try:
        yield
    except ResponseError as error:  # the server's own words hold no address
        raise Away(str(error)[:100]) from error
    except (RedisError, OSError) as error:
        raise Away(type(error).__name__) from error


def judged(answer: object) -> None:
    if answer != b"done":
        raise Busy


def texts(found: Any) -> dict[str, str]:  # noqa: ANN401 - a hash as the driver has it
    return {name.decode(): value.decode() for name, value in found.items()}


def number(name: bytes) -> int:
    return int(name.partition(b"-")[0])


def packed(changes: Sequence[Change]) -> bytes:
    rows = [(change.table, change.key, change.text) for change in changes]
    return zlib.compress(orjson.dumps(rows), 1)


def unpacked(entry: bytes) -> list[Change]:
    if not entry:
        return []
    return [Change(*row) for row in orjson.loads(zlib.decompress(entry))]
