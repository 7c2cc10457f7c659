"""The panels of the overview: is it healthy, and if not, why."""

from collections.abc import Callable

from django.http import HttpRequest, JsonResponse

from grokgateway.console.overview import beginning, pool, traffic, troubled, work, wrong
from grokgateway.console.panels import Panel

Source = Callable[[HttpRequest], Panel | None]

# From top to bottom; each gives its panel, or None where it has nothing to show.
SOURCES: tuple[Source, ...] = (
    wrong.panel,
    beginning.panel,
    pool.panel,
    traffic.panel,
    troubled.panel,
    work.panel,
)


def shown_to(request: HttpRequest) -> list[Panel]:
    made = (source(request) for source in SOURCES)
    return [panel for panel in made if panel is not None]


def latest(request: HttpRequest) -> JsonResponse:
    """`{"panels": {name: html}}`, for the page that brings itself up to date."""
    drawn = {one.name: one.drawn(request) for one in shown_to(request) if one.name}
    return JsonResponse({"panels": drawn})
