"""A NinjaAPI whose complaints about a body leave nothing of it behind.

Ninja's own hold the frame they were raised in, which holds them. Only a collection of
garbage would free that ring, and bodies with thousands of faults fill the memory before
one that goes deep enough is due.
"""

from typing import Any

from ninja import NinjaAPI
from ninja.errors import ValidationError, ValidationErrorContext


class Complaining(NinjaAPI):
    def validation_error_from_error_contexts(
        self,
        error_contexts: list[ValidationErrorContext[Any]],  # of any parameter
    ) -> ValidationError:
        error = super().validation_error_from_error_contexts(error_contexts)
        error_contexts.clear()
        return error


def forget(error: ValidationError) -> None:
    """Call once it was read; where it was raised is of no more use."""
    error.with_traceback(None)
