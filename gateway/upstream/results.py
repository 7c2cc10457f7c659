"""Search results in upstream frames to sources (upstream-protocol 3.8, 13.4)."""

from collections.abc import Iterator

from gateway.conversation.events import Source
from gateway.upstream.fields import Json, items, record, text

WEB_KEYS = ("webSearchResults", "citedWebSearchResults")
X_KEYS = ("xSearchResults", "xposts", "citedXposts")
TITLE_MAX_CHARS = 50


def found_sources(response: Json) -> Iterator[Source]:
    """All sources of one frame, repetitions included."""
    for key in WEB_KEYS:
        for result in entries(response.get(key)):
            url = text(result.get("url"))
            if url:
                yield Source(url, text(result.get("title")) or url)
    for key in X_KEYS:
        for result in entries(response.get(key)):
            post_id, user = text(result.get("postId")), text(result.get("username"))
            if post_id and user:
                yield post(post_id, user, text(result.get("text")))


def entries(value: object) -> Iterator[Json]:
    """Results are an object with a list, or the bare list."""
    results = value if isinstance(value, list) else record(value).get("results")
    for result in items(results):
        yield record(result)


def post(post_id: str, user: str, words: str) -> Source:
    title = f"𝕏/@{user}"
    line = " ".join(words.split())
    if line:
        cut = "..." if len(line) > TITLE_MAX_CHARS else ""
        title = f"{title}: {line[:TITLE_MAX_CHARS]}{cut}"
    return Source(f"https://x.com/{user}/status/{post_id}", title, "x_post")
