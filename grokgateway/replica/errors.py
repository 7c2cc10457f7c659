"""What keeps a change from being made; each is a sentence for people.

They are database errors to the code that writes, and a line of their own to commands.
"""

from django.core.management.base import CommandError
from django.db import OperationalError


class Refused(OperationalError, CommandError):
    """Nothing was changed."""


class Away(Refused):
    """The store cannot be reached, or will not answer."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            "The Redis that keeps accounts and configuration cannot be used now "
            f"({cause}), so nothing was changed. Requests are still served."
        )


class Busy(Refused):
    """Others were writing for too long, or this change took too long."""

    def __init__(self) -> None:
        super().__init__(
            "Another node was writing accounts or configuration; nothing was "
            "changed. Try again."
        )


class Unfit(Refused):
    """This node may not take part."""
