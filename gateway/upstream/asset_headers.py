"""Headers of calls about files, where they differ from a chat's (2.6, 2.8, 13.5)."""

from dataclasses import replace

from gateway.egress.nodes import Scope
from gateway.upstream.channel import Target
from gateway.upstream.headers import Header, Login, Signed, json_headers
from gateway.upstream.limits import Settings

FILES_PAGE = "/files"
EDIT_PAGE = "/imagine"
VIDEO_SUFFIXES = (".mp4", ".webm")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif")
VIDEO_ACCEPT = b"video/mp4,video/*,*/*;q=0.8"
IMAGE_ACCEPT = b"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
PAGE_ACCEPT = b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
NAVIGATION = {
    b"Cache-Control": b"no-cache",
    b"Pragma": b"no-cache",
    b"Priority": b"u=0, i",
    b"Sec-Fetch-Dest": b"document",
    b"Sec-Fetch-Mode": b"navigate",
    b"Sec-Fetch-Site": b"none",
    b"Sec-Fetch-User": b"?1",
    b"Upgrade-Insecure-Requests": b"1",
}
ONLY_WITH_A_BODY = frozenset({b"Content-Type", b"Origin"})
NOT_ON_FORMS = frozenset({b"x-statsig-id", b"x-xai-request-id"})


def files_headers(login: Login, settings: Settings) -> Signed:
    """For the list of an account's files, and to remove one."""
    return resource_headers(login, settings, FILES_PAGE)


def resource_headers(login: Login, settings: Settings, page: str = "/") -> Signed:
    """A JSON call's, on the way that files take."""
    return replace(json_headers(login, settings, page), scope=Scope.RESOURCE)


def form_headers(
    login: Login, settings: Settings, boundary: str, *, edit: bool
) -> Signed:
    """For an upload as multipart form."""
    signed = json_headers(login, settings, EDIT_PAGE if edit else "/")
    form = {b"Content-Type": f"multipart/form-data; boundary={boundary}".encode()}
    return changed(signed, form, NOT_ON_FORMS)


def download_headers(login: Login, settings: Settings, target: Target) -> Signed:
    """For a file, as a page navigation to it."""
    url = target.url
    referer = f"{url.scheme}://{url.netloc.decode('ascii')}/".encode()
    own = {**NAVIGATION, b"Accept": accept(url.path), b"Referer": referer}
    return changed(json_headers(login, settings), own, ONLY_WITH_A_BODY)


def page_headers(login: Login, settings: Settings) -> Signed:
    """For a page of the base host, as a person opens it."""
    own = {**NAVIGATION, b"Accept": PAGE_ACCEPT}
    dropped = ONLY_WITH_A_BODY | NOT_ON_FORMS | {b"Referer"}
    signed = changed(json_headers(login, settings), own, dropped)
    return replace(signed, scope=Scope.CHAT)


def accept(path: str) -> bytes:
    name = path.lower()
    if name.endswith(VIDEO_SUFFIXES):
        return VIDEO_ACCEPT
    return IMAGE_ACCEPT if name.endswith(IMAGE_SUFFIXES) else b"*/*"


def changed(
    signed: Signed, own: dict[bytes, bytes], dropped: frozenset[bytes]
) -> Signed:
    kept: list[Header] = [
        (name, own.get(name, value))
        for name, value in signed.plain
        if name not in dropped
    ]
    known = {name for name, _ in kept}
    kept += [(name, value) for name, value in own.items() if name not in known]
    return Signed(tuple(kept), signed.login, signed.cloudflare, Scope.RESOURCE)
