"""The reference part of the documentation, drawn from the code it describes."""

from collections.abc import Callable, Mapping
from pathlib import Path

from grokgateway.reference import (
    commands,
    endpoints,
    errors,
    keys,
    metrics,
    models,
    variables,
)

# Pages by the name of their file
PAGES: Mapping[str, Callable[[Path], str]] = {
    "variables.md": variables.page,
    "keys.md": keys.page,
    "commands.md": commands.page,
    "api.md": endpoints.page,
    "models.md": models.page,
    "errors.md": errors.page,
    "metrics.md": metrics.page,
}


def drawn(root: Path) -> dict[str, str]:
    """Each page's text by its name; `root` is the project's folder."""
    return {name: page(root) for name, page in PAGES.items()}
