"""What stands above every console page until somebody mends it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grokgateway.console import signing


@dataclass(frozen=True, slots=True)
class Banner:
    """A state to be mended and the page where that is done; `level` as of messages."""

    text: str | Promise
    link: str = ""
    action: str | Promise = ""
    level: str = "warning"


Source = Callable[[HttpRequest], Banner | None]


def shipped_key(request: HttpRequest) -> Banner | None:
    if not signing.shipped():
        return None
    page = reverse("admin:console_key")
    mends = request.user.is_superuser and request.path != page
    return Banner(
        _("The console key is still the one everybody knows."),
        page if mends else "",
        _("Change it now"),
        level="error",
    )


# Asked on every page: from memory only, no query.
SOURCES: tuple[Source, ...] = (shipped_key,)


def shown_to(request: HttpRequest) -> list[Banner]:
    made = (source(request) for source in SOURCES)
    return [banner for banner in made if banner is not None]
