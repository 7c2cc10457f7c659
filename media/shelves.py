"""Where the files of a kind lie: a folder of this machine, or any Django storage.

A `Shelf` knows names, not rows. Local files are placed by a rename and guarded while
they are read by a shared lock on the file, which other processes can see; on any other
storage a reader is left to finish with the handle it has.
"""

import fcntl
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages

from media.models import Kind

logger = logging.getLogger(__name__)
FOLDERS = {Kind.IMAGE: "images", Kind.VIDEO: "videos"}
ALIAS = "media"
PART_SUFFIX = ".part"


@dataclass(frozen=True, slots=True)
class Shelf:
    kind: Kind
    storage: Storage
    folder: Path | None  # of the files, where they are on this machine

    def name(self, public_id: str, suffix: str) -> str:
        return f"{FOLDERS[self.kind]}/{public_id}.{suffix}"

    def path(self, name: str) -> Path | None:
        return Path(self.storage.path(name)) if self.folder else None

    def part_folder(self) -> Path:
        """Where files grow until they are whole; made when missing."""
        folder = self.folder or Path(settings.DATA_DIR) / "files" / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def new_part(self) -> Path:
        return self.part_folder() / f".{secrets.token_hex(16)}{PART_SUFFIX}"

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.part_folder()).free

    def upload(self, part: Path, name: str) -> str:
        """Bring the file to a storage elsewhere; a local one waits for `place`.

        Returns the name under which it can be found.
        """
        if self.folder:
            return name
        with part.open("rb") as file:
            return self.storage.save(name, File(file))

    def place(self, part: Path, name: str) -> None:
        """Show a local file under its name, in one step."""
        if path := self.path(name):
            part.replace(path)

    def has(self, name: str) -> bool:
        path = self.path(name)
        return path.is_file() if path else self.storage.exists(name)

    def remove(self, name: str) -> bool:
        """Whether the file is gone now; what cannot be removed is logged."""
        try:
            self.storage.delete(name)
        except OSError as exc:
            logger.warning("The media file %s cannot be removed: %s", name, exc)
            return False
        return True

    def open(self, name: str) -> BinaryIO:
        """Raises FileNotFoundError. Closing it ends the guard."""
        path = self.path(name)
        if path is None:
            # Storages hand out File objects, which read and seek like any other.
            return cast(BinaryIO, self.storage.open(name, "rb"))
        file = path.open("rb", buffering=0)
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:  # being removed, or no locks here: it can be read all the same
            logger.debug("%s is read without a lock", name)
        return cast(BinaryIO, file)  # FileIO reads and seeks in bytes

    def is_read(self, name: str) -> bool:
        """Whether some process has it open through `open`; local files only."""
        path = self.path(name)
        if path is None:
            return False
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # missing, or no locks here
            return False
        return False

    def names(self) -> Iterator[str]:
        """All files but those that grow; a missing folder has none."""
        prefix = FOLDERS[self.kind]
        if self.folder is None:
            yield from (f"{prefix}/{one}" for one in self.storage.listdir(prefix)[1])
        elif self.folder.is_dir():
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if entry.is_file() and not entry.name.endswith(PART_SUFFIX):
                        yield f"{prefix}/{entry.name}"

    def is_there(self) -> bool:
        """False where the folder is missing or bare, as when a disk is not mounted."""
        return next(self.names(), None) is not None

    def stat(self, name: str) -> tuple[int, datetime]:
        """Size in bytes and time of change; raises FileNotFoundError."""
        path = self.path(name)
        if path is None:
            return self.storage.size(name), self.storage.get_modified_time(name)
        found = path.stat()
        return found.st_size, datetime.fromtimestamp(found.st_mtime, UTC)


def shelf(kind: Kind) -> Shelf:
    storage = storages[ALIAS]
    try:
        folder = Path(storage.path(FOLDERS[kind]))
    except NotImplementedError:  # Django's sign of a storage without local paths
        folder = None
    return Shelf(kind, storage, folder)
