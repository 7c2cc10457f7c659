"""What one account has uploaded, kept in memory while there is room."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

KEPT_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    id: str
    name: str
    media_type: str
    content: bytes
    path: str
    created_at: str

    def described(self) -> str:
        return f"{self.name} ({self.media_type}, {len(self.content)} bytes)"


class Files:
    """Newest first. The oldest go when there is no more room."""

    def __init__(self) -> None:
        self.uploaded = 0
        self._kept: dict[str, File] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, user_id: str, name: str, media_type: str, content: bytes) -> File:
        identity = str(uuid.uuid4())
        path = f"users/{user_id}/{identity}/content"
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        file = File(identity, name, media_type, content, path, now)
        self.uploaded += 1
        self._kept[identity] = file
        while self._size_bytes() > KEPT_BYTES and len(self._kept) > 1:
            del self._kept[next(iter(self._kept))]
        return file

    def find(self, identity: object) -> File | None:
        return self._kept.get(identity) if isinstance(identity, str) else None

    def remove(self, identity: str) -> bool:
        return self._kept.pop(identity, None) is not None

    def listed(self) -> list[File]:
        return list(reversed(self._kept.values()))

    def _size_bytes(self) -> int:
        return sum(len(file.content) for file in self._kept.values())
