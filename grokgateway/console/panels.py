"""One box of the overview."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.template.loader import render_to_string


@dataclass(frozen=True, slots=True)
class Panel:
    """Its template sees its context as `panel`.

    One with a `name` is brought up to date while the page is looked at: its root has
    the id `panel-<name>`.
    """

    template: str
    context: Mapping[str, object] = field(default_factory=dict)
    name: str = ""

    def drawn(self, request: HttpRequest) -> str:
        return render_to_string(self.template, {"panel": self.context}, request)
