"""Take over a grok2api 2.x installation: find out what a source is, and carry it."""

import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.db import Error as DatabaseError

from accounts import imports
from accounts.documents import Defaults, Parsed, Rejected, decode, parse
from accounts.grok2api import Conflict, OldAccount, Reading, read, sources, store
from accounts.grok2api.sources import Source
from grokgateway import dsn
from grokgateway.config import grok2api as settings_of
from grokgateway.environment import BadVariable

DATABASE_NAMES = ("accounts.db", "accounts.db.migrated")
SQLITE_MAGIC = b"SQLite format 3\0"
MEDIA_FOLDERS = ("images", "videos")


class Unreadable(ValueError):
    """The source is nothing we know; the message quotes no secret."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`root` is where relative paths start; `files` our own folder of media."""

    accounts: bool = True
    settings: bool = True
    media: bool = True
    dry_run: bool = False
    on_conflict: Conflict = Conflict.SKIP
    include_deleted: bool = False
    root: Path = Path()
    files: Path = Path()


@dataclass(slots=True)
class Summary:
    """Counts by what became of things, and each refusal with its reason."""

    source: str = ""
    accounts: dict[str, int] = field(default_factory=dict)
    settings: dict[str, int] = field(default_factory=dict)
    media: dict[str, int] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def take_over(source: str, wanted: Wanted) -> Summary:
    """Raises `Unreadable`; whatever else is wrong stands in the summary."""
    summary = Summary()
    try:
        if "://" in source:
            from_server(source, wanted, summary)
        else:
            from_path(Path(source), wanted, summary)
    except (BadVariable, OSError) as exc:
        raise Unreadable(str(exc)) from exc
    except (DatabaseError, redis.RedisError) as exc:
        raise Unreadable(f"the server cannot be read ({type(exc).__name__})") from exc
    return summary


def from_server(address: str, wanted: Wanted, summary: Summary) -> None:
    with opened(address, wanted.root) as server:
        summary.source = f"{urlsplit(address).scheme} server"
        take_accounts(server, wanted, summary)
        take_settings(server.settings(), wanted, summary)


@contextmanager
def opened(address: str, root: Path) -> Iterator[Source]:
    scheme = urlsplit(address).scheme.lower()
    if scheme in dsn.REDIS_SCHEMES:
        with sources.redis_server(address) as server:
            yield server
    elif dsn.parse(address, variable="SOURCE").engine == dsn.SQLITE:
        name = str(dsn.database(address, variable="SOURCE", root=root)["NAME"])
        with sources.sqlite_file(Path(name)) as file:
            yield file
    else:
        with sources.sql_server(address, root) as database:
            yield database


def from_path(path: Path, wanted: Wanted, summary: Summary) -> None:
    if path.is_dir():
        from_folder(path, wanted, summary)
    elif is_sqlite(path):
        summary.source = "SQLite file"
        with sources.sqlite_file(path) as file:
            take_accounts(file, wanted, summary)
    elif path.suffix == ".toml":
        summary.source = "settings file"
        take_settings(toml_of(path), wanted, summary)
    else:
        summary.source = "account list"
        take_list(path, wanted, summary)


def from_folder(folder: Path, wanted: Wanted, summary: Summary) -> None:
    """A data directory: whichever of database, settings and media it has."""
    found = False
    for name in DATABASE_NAMES:
        if (folder / name).is_file():
            found = True
            with sources.sqlite_file(folder / name) as file:
                take_accounts(file, wanted, summary)
            break
    if (folder / "config.toml").is_file():
        found = True
        take_settings(toml_of(folder / "config.toml"), wanted, summary)
    if (folder / "files").is_dir():
        found = True
        take_media(folder / "files", wanted, summary)
    if not found:
        raise Unreadable(f"{folder} holds no accounts.db, config.toml or files")
    summary.source = "data directory"


def take_accounts(source: Source, wanted: Wanted, summary: Summary) -> None:
    if not wanted.accounts:
        return
    try:
        reading = read(source.accounts())
    except ValueError as exc:
        raise Unreadable(str(exc)) from exc
    chosen = selected(reading, include_deleted=wanted.include_deleted)
    stored = store(chosen, wanted.on_conflict, dry_run=wanted.dry_run)
    summary.rejected += reading.rejected
    summary.warnings += reading.warnings
    summary.accounts = {
        "found": reading.found,
        "added": stored.added,
        "updated": stored.updated,
        "skipped": stored.skipped,
        "deleted_left_out": len(reading.accounts) - len(chosen),
        "duplicates": reading.found - len(reading.accounts) - len(reading.rejected),
        "rejected": len(reading.rejected),
    }


def selected(reading: Reading, *, include_deleted: bool) -> list[OldAccount]:
    kept = reading.accounts.values()
    return [one for one in kept if include_deleted or not one.deleted_at]


def take_list(path: Path, wanted: Wanted, summary: Summary) -> None:
    """Tokens as text or JSON, also the successor's export."""
    if not wanted.accounts:
        return
    parsed = parse(decode(path.read_bytes()), Defaults())
    summary.rejected += parsed.rejected
    found = len(parsed.entries) + len(parsed.rejected)
    summary.accounts = {"found": found, "rejected": len(parsed.rejected)}
    if wanted.dry_run:
        summary.accounts |= foreseen(parsed)
        return
    report = imports.add(parsed)
    summary.accounts |= {
        "added": report.added + report.restored,
        "updated": report.tagged,
        "skipped": report.unchanged,
    }


def foreseen(parsed: Parsed) -> dict[str, int]:
    wanted = imports.merged(parsed.entries)
    known = imports.known_hashes(wanted)
    return {"added": len(wanted) - len(known), "skipped": len(known), "updated": 0}


def take_settings(tree: Mapping[str, object], wanted: Wanted, summary: Summary) -> None:
    if not wanted.settings or not tree:
        return
    plan = settings_of.plan(tree)
    saved = len(plan.edits) if wanted.dry_run else settings_of.carry_over(plan)
    summary.rejected += [
        Rejected(name, reason) for name, reason in sorted(plan.refused.items())
    ]
    summary.warnings += [f"{name}: no such setting here" for name in plan.unknown]
    summary.settings = {
        "taken": saved,
        "left_at_default": len(plan.unchanged),
        "unknown": len(plan.unknown),
        "rejected": len(plan.refused),
    }


def toml_of(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as exc:
        raise Unreadable(f"{path.name} is no readable TOML file") from exc


def take_media(folder: Path, wanted: Wanted, summary: Summary) -> None:
    """Hard links where the file system can, else copies; names keep their links."""
    if not wanted.media:
        return
    counts = {"found": 0, "added": 0, "skipped": 0}
    for kind in MEDIA_FOLDERS:
        for path in sorted((folder / kind).glob("[!.]*")):
            if path.is_file():
                counts["found"] += 1
                target = wanted.files / kind / path.name
                counts["skipped" if target.exists() else "added"] += 1
                if not wanted.dry_run and not target.exists():
                    link_or_copy(path, target)
    summary.media = counts


def link_or_copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        os.link(path, target)
        return
    shutil.copy2(path, target)


def is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
