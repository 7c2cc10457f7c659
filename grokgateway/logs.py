"""Log set-up: console, daily file, quiet third parties; every handler hides secrets."""

import contextlib
import datetime
import logging
import os
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from grokgateway import redaction

LINE = "{asctime} {levelname:<7} {name}: {message}"
FILE_GLOB = "app_????-??-??.log"
QUIET = (
    "asyncio",
    "daphne",
    "django.channels.server",
    "django.server",
    "django.utils.autoreload",
    "granian.access",
    "httpcore",
    "httpx",
    "taskiq",
    "uvicorn.access",
)


class SafeFormatter(logging.Formatter):
    """Local time with its offset, and a last look for secrets over the whole text."""

    def __init__(self, zone: str) -> None:
        super().__init__(LINE, style="{")
        self.zone = ZoneInfo(zone)

    def formatTime(  # noqa: N802 - logging's name
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        moment = datetime.datetime.fromtimestamp(record.created, self.zone)
        return moment.isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        return redaction.current().text(super().format(record))


class DailyFile(logging.Handler):
    """Appends to `app_YYYY-MM-DD.log` of the local day; keeps the newest files.

    Several processes may write: each opens the day's file to append, none renames it.
    """

    def __init__(
        self, folder: Path, zone: str, fallback_level: str, max_files: int = 7
    ) -> None:
        super().__init__(fallback_level)
        self.folder = folder
        self.zone = ZoneInfo(zone)
        self.fallback_level = fallback_level
        self.max_files = max_files
        self._file: IO[str] | None = None
        self._ends_at = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record) + "\n"
            file = self._file_for(record.created)
            file.write(line)
            file.flush()
        except Exception:  # noqa: BLE001 - logging's own way out
            self.handleError(record)

    def close(self) -> None:
        with self.lock or contextlib.nullcontext():
            if self._file is not None:
                self._file.close()
                self._file = None
        super().close()

    def prune(self) -> None:
        """Delete all but the newest `max_files` daily files."""
        for path in sorted(self.folder.glob(FILE_GLOB))[: -self.max_files]:
            with contextlib.suppress(OSError):
                path.unlink()

    def _file_for(self, created: float) -> IO[str]:
        if self._file is not None and created < self._ends_at:
            return self._file
        day = datetime.datetime.fromtimestamp(created, self.zone).date()
        next_day = datetime.datetime.combine(
            day + datetime.timedelta(days=1), datetime.time(), self.zone
        )
        if self._file is not None:
            self._file.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file = open_private(self.folder / f"app_{day.isoformat()}.log")
        self._ends_at = next_day.timestamp()
        self.prune()
        return self._file


def open_private(path: Path) -> IO[str]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    return os.fdopen(descriptor, "a", encoding="utf-8")


def setup(level: str, zone: str, folder: Path | None) -> dict[str, object]:
    """Return a `logging.config` dictionary; servers that set up logging take it too."""
    handlers: dict[str, object] = {
        "console": {
            "class": "logging.StreamHandler",
            "level": level,
            "filters": ["secrets"],
            "formatter": "line",
        }
    }
    if folder is not None:
        handlers["file"] = {
            "()": DailyFile,
            "folder": folder,
            "zone": zone,
            "fallback_level": level,
            "filters": ["secrets"],
            "formatter": "line",
        }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"secrets": {"()": redaction.SecretFilter}},
        "formatters": {"line": {"()": SafeFormatter, "zone": zone}},
        "handlers": handlers,
        "root": {"level": level, "handlers": list(handlers)},
        "loggers": {
            "django": {"level": "INFO", "handlers": [], "propagate": True},
            **{
                name: {"level": "WARNING", "handlers": [], "propagate": True}
                for name in QUIET
            },
        },
    }


def apply(level: str, max_files: int) -> None:
    """Change the file log at run time; an empty level means that of the console."""
    root = logging.getLogger()
    files = [handler for handler in root.handlers if isinstance(handler, DailyFile)]
    for handler in files:
        handler.setLevel(level or handler.fallback_level)
        handler.max_files = max_files
        handler.prune()
        root.setLevel(min(h.level for h in root.handlers if h.level))
