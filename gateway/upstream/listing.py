"""The files an account keeps at upstream, all pages of them (5.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from gateway.upstream import calls, failures, pool
from gateway.upstream.asset_headers import files_headers
from gateway.upstream.fields import Json, decode, items, number, record, text
from gateway.upstream.headers import Login
from gateway.upstream.limits import Settings
from gateway.upstream.places import passing

PATH = "/rest/assets"
CURSORS = ("cursor", "nextCursor", "next_cursor", "nextPageToken")
MAX_PAGE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asset:
    """`created_at` as upstream writes it; what it leaves out is empty or 0."""

    id: str
    name: str
    path: str
    media_type: str
    size_bytes: int
    created_at: str


async def listed(login: Login, settings: Settings) -> list[Asset]:
    """Raises UpstreamFailure, also when a later page fails.

    A cursor is followed while it brings anything new, as nobody promises that it is
    honoured.
    """
    found: dict[str, Asset] = {}
    cursor = ""
    while True:
        page = await one_page(login, cursor, settings)
        before = len(found)
        found.update((asset.id, asset) for asset in assets_of(page))
        cursor = cursor_of(page)
        if not cursor or len(found) == before:
            return list(found.values())


async def one_page(login: Login, cursor: str, settings: Settings) -> Json:
    query = f"?cursor={quote(cursor, safe='')}" if cursor else ""
    async with passing("list", settings) as limits:
        target = pool.current().channel(settings).hosts.base(PATH + query)
        headers = files_headers(login, settings)
        answer = await calls.send("GET", target, headers, None, settings, limits)
        page = decode(await calls.whole(answer, MAX_PAGE_BYTES))
        if page is None:
            raise failures.bad_payload()
        return page


def assets_of(page: Json) -> Iterator[Asset]:
    for entry in map(record, items(page.get("assets")) or items(page.get("items"))):
        identity = text(first(entry, "id", "assetId"))
        if identity:
            yield Asset(
                identity,
                text(first(entry, "fileName", "name")),
                text(first(entry, "filePath", "file_path")),
                text(first(entry, "contentType", "content_type")),
                number(first(entry, "fileSize", "size")) or 0,
                text(first(entry, "createdAt", "created_at")),
            )


def cursor_of(page: Json) -> str:
    return next((text(page.get(name)) for name in CURSORS if page.get(name)), "")


def first(entry: Json, *names: str) -> object:
    return next((entry[name] for name in names if entry.get(name) is not None), None)
