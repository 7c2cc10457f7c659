"""Cards of both kinds: what is kept, of how much, and the limit that can be changed."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from grokgateway import config
from grokgateway.config import Key, Source
from grokgateway.config.changes import locking
from media import totals
from media.models import Kind
from media.totals import Totals

LIMITS = {
    Kind.IMAGE: "cache.local.image_max_mb",
    Kind.VIDEO: "cache.local.video_max_mb",
}
TITLES = {Kind.IMAGE: _("Images"), Kind.VIDEO: _("Videos")}
NEARLY_FULL = 0.9


@dataclass(frozen=True, slots=True)
class Card:
    """`text` is the limit in MiB as shown, `was` as set; `locked` names a variable."""

    totals: Totals
    key: Key
    text: str
    was: str
    error: str
    locked: str

    @property
    def title(self) -> str | Promise:
        return TITLES[self.totals.kind]

    @property
    def list_address(self) -> str:
        return listed(kind__exact=self.totals.kind)

    @property
    def grid_address(self) -> str:
        return listed(kind__exact=self.totals.kind, view="grid")

    @property
    def used(self) -> str:
        return filesizeformat(self.totals.size_bytes)

    @property
    def limit(self) -> str:
        bound = self.totals.limit_bytes
        return filesizeformat(bound) if bound else ""

    @property
    def removed(self) -> str:
        gone = self.totals.removed_bytes
        return filesizeformat(gone) if gone else ""

    @property
    def percent(self) -> float | None:
        share = self.totals.share
        return None if share is None else round(100 * share, 1)

    @property
    def high(self) -> int:
        """Above this the meter warns."""
        return int(self.totals.limit_bytes * NEARLY_FULL)


def shown(typed: Mapping[str, str], errors: Mapping[str, str]) -> list[Card]:
    """Images, then videos; with what was typed and refused, by key."""
    snapshot = config.current()
    cards = []
    for found in totals.of_all():
        name = LIMITS[found.kind]
        key = config.KEYS[name]
        held = snapshot.source(name) is Source.ENVIRONMENT
        cards.append(
            Card(
                totals=found,
                key=key,
                text=typed.get(name, str(snapshot.number(name))),
                was=str(snapshot.number(name)),
                error=errors.get(name, ""),
                locked=locking(key) if held else "",
            )
        )
    return cards


def listed(**query: str) -> str:
    return f"{reverse('admin:media_asset_changelist')}?{urlencode(query)}"
