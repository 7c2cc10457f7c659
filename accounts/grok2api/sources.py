"""Where a 2.x installation keeps its accounts and settings; opened for reading only."""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import redis
from django.db.utils import ConnectionHandler

from accounts.grok2api.old import MODES, Fields
from grokgateway import dsn

SQLITE_SUFFIXES = ("", "-wal", "-shm")
REDIS_TIMEOUT_S = 15.0
REDIS_BATCH = 500
RECORDS = "accounts:record:"
SQL_BATCH = 500
COLUMNS = (
    "token",
    "pool",
    "status",
    "created_at",
    "updated_at",
    "tags",
    "usage_use_count",
    "usage_fail_count",
    "usage_sync_count",
    "last_use_at",
    "last_fail_at",
    "last_fail_reason",
    "last_sync_at",
    "state_reason",
    "deleted_at",
    "ext",
    *(f"quota_{mode}" for mode in MODES),
)
READ_ONLY = {
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
}


class Source(Protocol):
    """An open source; both give nothing where it has no such thing."""

    def accounts(self) -> Iterator[Fields]: ...

    def settings(self) -> dict[str, object]:
        """Dotted names to values."""


class SqliteFile:
    """A copy of the file with its write-ahead log, so that the original stays as is."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def accounts(self) -> Iterator[Fields]:
        present = {row[1] for row in self._connection.execute(TABLE_INFO)}
        if not present:
            raise ValueError("the file has no table of accounts")
        columns = [name for name in COLUMNS if name in present]
        for row in self._connection.execute(select(columns)):
            yield dict(zip(columns, row, strict=True))

    def settings(self) -> dict[str, object]:
        return {}


TABLE_INFO = "PRAGMA table_info(accounts)"


def select(columns: list[str]) -> str:
    return f"SELECT {', '.join(columns)} FROM accounts ORDER BY token"  # noqa: S608 - names of ours


@contextmanager
def sqlite_file(path: Path) -> Iterator[SqliteFile]:
    with tempfile.TemporaryDirectory(prefix="grok-gateway-import-") as folder:
        for suffix in SQLITE_SUFFIXES:
            part = path.with_name(path.name + suffix)
            if part.exists():
                shutil.copy2(part, Path(folder) / f"copy.db{suffix}")
        with closing(sqlite3.connect(Path(folder) / "copy.db")) as connection:
            try:
                yield SqliteFile(connection)
            except sqlite3.DatabaseError as exc:
                raise ValueError(f"not a readable SQLite file: {exc}") from exc


class SqlServer:
    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - Django's own wrapper
        self._connection = connection

    def accounts(self) -> Iterator[Fields]:
        """By key, so that no server has to hold the whole answer."""
        present = self._columns("accounts")
        if not present:
            raise ValueError("the database has no table of accounts")
        columns = [name for name in COLUMNS if name in present]
        names, last = ", ".join(columns), ""
        sql = f"SELECT {names} FROM accounts WHERE token > %s ORDER BY token LIMIT {SQL_BATCH}"  # noqa: S608, E501 - names of ours
        while True:
            with self._connection.cursor() as cursor:
                cursor.execute(sql, [last])
                rows = cursor.fetchall()
            for row in rows:
                yield dict(zip(columns, row, strict=True))
            if len(rows) < SQL_BATCH:
                return
            last = rows[-1][0]

    def settings(self) -> dict[str, object]:
        if not self._columns("config_store"):
            return {}
        quote = self._connection.ops.quote_name
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {quote('key')}, {quote('value')} FROM config_store"  # noqa: S608 - names of ours
            )
            return decoded(dict(cursor.fetchall()))

    def _columns(self, table: str) -> set[str]:
        inspect = self._connection.introspection
        with self._connection.cursor() as cursor:
            if table not in inspect.table_names(cursor):
                return set()
            return {
                column.name for column in inspect.get_table_description(cursor, table)
            }


@contextmanager
def sql_server(address: str, root: Path) -> Iterator[SqlServer]:
    described = dsn.database(address, variable="SOURCE", root=root)
    if described["ENGINE"] == dsn.MYSQL:
        dsn.use_pymysql()
    connection = ConnectionHandler({"default": described})["default"]
    try:
        with connection.cursor() as cursor:
            cursor.execute(READ_ONLY[connection.vendor])
        yield SqlServer(connection)
    finally:
        connection.close()


class RedisServer:
    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def accounts(self) -> Iterator[Fields]:
        """From the records alone: the pool sets do not follow a change of pool."""
        batch: list[str] = []
        for key in self._client.scan_iter(match=f"{RECORDS}*", count=REDIS_BATCH):
            batch.append(text(key))
            if len(batch) == REDIS_BATCH:
                yield from self._records(batch)
                batch = []
        yield from self._records(batch)

    def settings(self) -> dict[str, object]:
        found = self._client.hgetall("config:user")
        assert isinstance(found, dict)  # noqa: S101 - a synchronous client
        return decoded({text(name): text(value) for name, value in found.items()})

    def _records(self, keys: list[str]) -> Iterator[Fields]:
        pipeline = self._client.pipeline(transaction=False)
        for key in keys:
            pipeline.hgetall(key)
        for key, record in zip(keys, pipeline.execute(), strict=True):
            fields: dict[str, str | int | None] = {
                text(name): text(value) for name, value in record.items()
            }
            yield {**fields, "token": key.removeprefix(RECORDS)}


@contextmanager
def redis_server(address: str) -> Iterator[RedisServer]:
    client = redis.Redis.from_url(
        address, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S
    )
    try:
        yield RedisServer(client)
    finally:
        client.close()


def text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def decoded(stored: Mapping[str, str]) -> dict[str, object]:
    """JSON values by dotted name; what is no JSON stays a text."""
    values: dict[str, object] = {}
    for name, value in stored.items():
        if name == "__version__":
            continue
        try:
            values[name] = json.loads(value)
        except ValueError:
            values[name] = value
    return values
