"""What stands above every console page until somebody mends it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Banner:
    """A state to be mended and the page where that is done; `level` as of messages."""

    text: str | Promise
    link: str = ""
    action: str | Promise = ""
    level: str = "warning"


Source = Callable[[HttpRequest], Banner | None]

# Asked on every page: from memory only, no query.
SOURCES: tuple[Source, ...] = ()


def shown_to(request: HttpRequest) -> list[Banner]:
    made = (source(request) for source in SOURCES)
    return [banner for banner in made if banner is not None]
