"""What the way out and upstream code need from the configuration."""

from typing import Protocol


class Settings(Protocol):
    """The part of a configuration snapshot that is read here."""

    def flag(self, key: str, /) -> bool: ...

    def text(self, key: str, /) -> str: ...

    def number(self, key: str, /) -> int: ...

    def items(self, key: str, /) -> tuple[str, ...]: ...
