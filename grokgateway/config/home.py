"""The one place where this process keeps its snapshot, and how it is renewed."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from grokgateway import replica
from grokgateway.config import environment, rows, tomlfile
from grokgateway.config.layers import Layer, Source
from grokgateway.config.registry import KEYS
from grokgateway.config.snapshot import Snapshot, UnknownKey
from grokgateway.config.values import parse

logger = logging.getLogger(__name__)
Subscriber = Callable[[Snapshot], None]


class NotLoaded(RuntimeError):
    """`current()` was called on an event loop before `load()` at start-up."""


@dataclass(slots=True)
class Home:
    snapshot: Snapshot | None = None
    forced: Snapshot | None = None
    file: tomlfile.FileState = tomlfile.ABSENT
    subscribers: list[Subscriber] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)


HOME = Home()


def current() -> Snapshot:
    """Return this process's snapshot; the first call outside a loop loads it."""
    snapshot = HOME.forced or HOME.snapshot
    if snapshot is not None:
        return snapshot
    if on_event_loop():
        raise NotLoaded(
            "The configuration is not loaded yet: call config.load() at start-up, "
            "outside the event loop."
        )
    return load()


def on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def load() -> Snapshot:
    """Read every layer and tell the subscribers; raises on a bad variable.

    Works before the first migration: then nothing is saved yet.
    """
    with HOME.lock:
        env = environment.layer()
        HOME.file = tomlfile.read(file_path(), HOME.file)
        saved = rows.read()
        snapshot = Snapshot.of((HOME.file.layer, saved.layer, env), saved.revision)
        first = HOME.snapshot is None
        HOME.snapshot = snapshot
        subscribers = tuple(HOME.subscribers)
    if not first:
        notify(subscribers, snapshot)
    return snapshot


def refresh() -> bool:
    """Load again if another process saved or the file moved: one query, one stat."""
    replica.follow()
    known = HOME.snapshot
    if known is not None and rows.revision() == known.revision and not file_moved():
        return False
    load()
    return True


def file_moved() -> bool:
    return tomlfile.stamp_of(file_path()) != HOME.file.stamp


def lower_layers() -> tuple[Layer, ...]:
    """Return what lies beneath the saved values, the file as it is now."""
    with HOME.lock:
        HOME.file = tomlfile.read(file_path(), HOME.file)
        return (HOME.file.layer,)


def file_path() -> Path:
    return Path(settings.CONFIG_LOCAL_PATH)


def subscribe(callback: Subscriber) -> Callable[[], None]:
    """Call back with each new snapshot, in the thread that loaded it.

    Returns what ends the subscription.
    """
    with HOME.lock:
        HOME.subscribers.append(callback)

    def end() -> None:
        with HOME.lock:
            HOME.subscribers.remove(callback)

    return end


def notify(subscribers: tuple[Subscriber, ...], snapshot: Snapshot) -> None:
    for callback in subscribers:
        try:
            callback(snapshot)
        except Exception:
            logger.exception("A listener for configuration changes failed")


@contextmanager
def override(values: Mapping[str, object]) -> Iterator[Snapshot]:
    """Put values over the snapshot of this process, for tests; nothing is stored.

    Without a loaded snapshot the base is the defaults, so that no I/O is needed.
    """
    before = HOME.forced
    base = before or HOME.snapshot or Snapshot.of(())
    HOME.forced = base.replaced(forced_layer(values))
    try:
        yield HOME.forced
    finally:
        HOME.forced = before


def forced_layer(values: Mapping[str, object]) -> Layer:
    for name in values:
        if name not in KEYS:
            raise UnknownKey(name)
    parsed = {name: parse(KEYS[name], data) for name, data in values.items()}
    return Layer(Source.SAVED, parsed)


def forget() -> None:
    """Drop what was loaded, so that the next use loads afresh."""
    with HOME.lock:
        HOME.snapshot = None
        HOME.file = tomlfile.ABSENT
