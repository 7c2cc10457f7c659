"""Which processes that share a folder still live, told by locks on files.

A process holds the lock of a file of its own; the kernel gives it back however the
process ends, so that others need not wait for a lease to run out. Of processes that
use another folder nothing is known here.
"""

import fcntl
import logging
import secrets
import time
from pathlib import Path
from typing import BinaryIO

logger = logging.getLogger(__name__)
NAME_CHARS = 12
KEPT_S = 24 * 3600  # files of dead processes, for those who ask late
SUFFIX = ".alive"


class Presence:
    """Of this process, from `begin` on. All of it reads the disk."""

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(NAME_CHARS // 2)
        self._folder = folder
        self._file: BinaryIO | None = None

    def begin(self) -> None:
        if self._file is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._tidy()
        file = self._path(self.name).open("xb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # no locks here: nobody will take this process for dead
            logger.info("files of %s cannot be locked", self._folder)
            self._path(self.name).unlink(missing_ok=True)
        self._file = file

    def gone(self, name: str) -> bool:
        """Whether the process of this name has ended; False where that is unknown."""
        return is_free(self._path(name))

    def end(self) -> None:
        """From here on others know that this process has left."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"

    def _tidy(self) -> None:
        before = time.time() - KEPT_S
        for path in self._folder.glob(f"*{SUFFIX}"):
            if path.stat().st_mtime < before and is_free(path):
                path.unlink(missing_ok=True)


def is_free(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # no such file, locked by its process, or no locks here
        return False
    return True
