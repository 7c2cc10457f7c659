"""System checks: a variable that cannot be used stops the start with its rule."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning

from grokgateway.config import environment


def check_environment(
    app_configs: Sequence[AppConfig] | None, **kwargs: object
) -> list[CheckMessage]:
    found = environment.examine(environment.variables())
    return [
        *(Error(fault, id="config.E001") for fault in found.faults),
        *(Warning(warning, id="config.W001") for warning in found.warnings),
    ]
