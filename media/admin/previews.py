"""A kept file as a small picture or player, through the route that clients use."""

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from media import formats, links
from media.models import Asset, Kind

THUMBNAIL_PX = 64


def preview_of(asset: Asset | None) -> str:
    """Nothing for a file that is lost, removed, or of a kind that is not served."""
    if asset is None or asset.removed_at or asset.mime not in formats.SERVED:
        return ""
    address = links.link(Kind(asset.kind), asset.public_id)
    if asset.kind == Kind.IMAGE:
        return format_html(
            '<a href="{0}"><img src="{0}" alt="{2}" loading="lazy" height="{1}"></a>',
            address,
            THUMBNAIL_PX,
            _("Preview, opens the file"),
        )
    return format_html(
        '<video src="{}" preload="none" controls height="{}"></video>',
        address,
        THUMBNAIL_PX * 2,
    )
