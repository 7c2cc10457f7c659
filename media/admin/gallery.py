"""The list of kept files as a table or as a wall of small pictures.

Both are the same rows: the wall is a table that is laid out as tiles, so that choosing,
actions and paging work alike.
"""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_lazy

from media import formats, links, thumbnails
from media.errors import NotMedia
from media.models import Asset, Kind

PARAMETER = "view"
KEPT = "media_view"
TABLE, GRID = "table", "grid"
NAMES = {TABLE: gettext_lazy("Table"), GRID: gettext_lazy("Gallery")}
SIDE_PX = 320
LIFE = timedelta(days=7)  # a file never changes under its id
FILM = mark_safe(
    '<svg viewBox="0 0 48 48" width="40" height="40" aria-hidden="true">'
    '<rect x="5" y="10" width="38" height="28" rx="4" />'
    '<path d="m20 18 11 6-11 6z" /></svg>'
)
UNKNOWN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" fill="none" '
    'stroke="#808a99" stroke-width="2">'
    '<rect x="7" y="9" width="34" height="30" rx="4"/>'
    '<path d="m7 33 10-10 9 9 5-5 10 9M14 4l20 40"/></svg>'
)


def chosen(request: HttpRequest) -> str:
    """The wanted view, which is kept for this person; else the one of last time."""
    query = request.GET.copy()
    wanted = str((query.pop(PARAMETER, None) or [""])[-1])
    request.GET = query  # type: ignore[assignment] # a list's filters stand alone
    if wanted in NAMES:
        if request.session.get(KEPT, TABLE) != wanted:
            request.session[KEPT] = wanted
        return wanted
    kept = request.session.get(KEPT, TABLE)
    return kept if kept in NAMES else TABLE


def small(asset: Asset) -> SafeString:
    """A small picture, or a sign; it opens the file where that can be had."""
    if not thumbnails.is_possible(asset):
        shown = format_html(
            '<span class="sign">{}<span class="visually-hidden">{}</span></span>',
            FILM,
            gettext("Preview of %s") % asset.public_id,
        )
    else:
        shown = format_html(
            '<img src="{}" alt="{}" loading="lazy" decoding="async">',
            reverse("admin:media_asset_thumbnail", args=[asset.pk]),
            gettext("Preview of %s") % asset.public_id,
        )
    address = address_of(asset)
    if not address:
        return format_html('<span class="tile">{}</span>', shown)
    return format_html(
        '<a class="tile" href="{}" data-preview="{}" data-name="{}">{}</a>',
        address,
        asset.kind,
        file_name(asset),
        shown,
    )


def deeds(asset: Asset) -> str:
    """What can be done with the file itself, for one that can be had."""
    address = address_of(asset)
    if not address:
        return ""
    name = file_name(asset)
    return format_html(
        '<a href="{0}" download="{1}">{2}</a> '
        '<button type="button" class="link-button" data-copy-link="{3}" '
        'data-done="{4}" hidden>{5}</button>',
        address,
        name,
        gettext("Download"),
        links.link(Kind(asset.kind), asset.public_id, links.base()),
        gettext("Copied"),
        gettext("Copy link"),
    )


def address_of(asset: Asset) -> str:
    """Empty for a file that is removed or of a kind that is not served."""
    if asset.removed_at or asset.mime not in formats.SERVED:
        return ""
    return links.link(Kind(asset.kind), asset.public_id)


def file_name(asset: Asset) -> str:
    return f"{asset.public_id}.{asset.name.rpartition('.')[2]}"


def picture(asset: Asset) -> HttpResponse:
    """The small picture of one row, for this person's browser alone.

    Removed files have theirs, too, until they are gone.
    """
    try:
        if not thumbnails.is_possible(asset):
            raise NotMedia("No picture is kept of it.")
        data = thumbnails.thumbnail(asset, SIDE_PX)
    except (FileNotFoundError, NotMedia):
        response = HttpResponse(UNKNOWN, content_type="image/svg+xml")
        response["Cache-Control"] = "no-store"
        return response
    response = HttpResponse(data, content_type=thumbnails.MIME)
    life_s = int(LIFE.total_seconds())
    patch_cache_control(response, private=True, max_age=life_s, immutable=True)
    return response
