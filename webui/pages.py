"""One page of the Web UI: its template with what the frame needs, its headers."""

from collections.abc import Iterable, Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from grokgateway import config, csp
from webui.access import visitor_on
from webui.words import shell

MIB = 1024 * 1024
DOCS = "/v1/docs"


def shown(
    request: HttpRequest,
    tab: str,
    *,
    words: Mapping[str, str] | None = None,
    context: Mapping[str, object] | None = None,
    connections: Iterable[str] = (),
    microphone: bool = False,
) -> HttpResponse:
    """`connections`: origins that scripts may talk to beside our own."""
    response = render(
        request,
        f"webui/{tab}.html",
        {
            "tab": tab,
            "visitor": visitor_on(request),
            "docs_url": DOCS if config.current().flag("app.docs_enabled") else "",
            "words": {**shell.words(), **(words or {})},
            **(context or {}),
        },
    )
    policy = csp.policy(media=csp.media_origins(), connections=connections)
    response["Content-Security-Policy"] = policy
    heard = "(self)" if microphone else "()"
    response["Permissions-Policy"] = f"camera=(), geolocation=(), microphone={heard}"
    return response


def limits() -> dict[str, int]:
    """What a turn takes of files, as the page says it before anything is sent."""
    now = config.current()
    return {
        "files": now.number("limits.attachments"),
        "file_bytes": now.number("limits.file_mb") * MIB,
        "total_bytes": now.number("limits.attachments_mb") * MIB,
    }
