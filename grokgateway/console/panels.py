"""What the overview shows, from top to bottom."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Panel:
    """One box of the overview: its template sees its context as `panel`."""

    template: str
    context: Mapping[str, object] = field(default_factory=dict)


Source = Callable[[HttpRequest], Panel | None]

# Each gives its panel, or None where it has nothing to show to this person.
SOURCES: tuple[Source, ...] = ()


def shown_to(request: HttpRequest) -> list[Panel]:
    made = (source(request) for source in SOURCES)
    return [panel for panel in made if panel is not None]
