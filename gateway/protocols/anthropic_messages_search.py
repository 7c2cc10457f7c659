"""Web searches as blocks of their own before the text (public-api 5.5)."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.conversation.events import Searched, Source
from gateway.protocols.base import Json

UNAVAILABLE = {"type": "web_search_tool_result_error", "error_code": "unavailable"}


@dataclass(slots=True)
class Search:
    """One search and what was found until the next; `failed`: it never took place."""

    query: str
    found: list[Source] = field(default_factory=list)
    failed: bool = False


def searches_of(findings: Iterable[Searched | Source], forced: bool) -> list[Search]:
    """One where a search was demanded, and be it one that did not happen."""
    searches: list[Search] = []
    early: list[Source] = []
    for finding in findings:
        if isinstance(finding, Searched):
            searches.append(Search(finding.query))
        elif searches:
            searches[-1].found.append(finding)
        else:
            early.append(finding)
    if early:
        searches = searches or [Search("")]
        searches[0].found[:0] = early
    if forced and not searches:
        searches.append(Search("", failed=True))
    return searches


def blocks(searches: Sequence[Search], message_id: str) -> Iterable[Json]:
    for number, search in enumerate(searches):
        name = derived_id("srvtoolu_", message_id, f"search/{number}")
        yield {
            "type": "server_tool_use",
            "id": name,
            "name": "web_search",
            "input": {"query": search.query},
        }
        yield {
            "type": "web_search_tool_result",
            "tool_use_id": name,
            "content": UNAVAILABLE if search.failed else results(search.found),
        }


def results(found: Iterable[Source]) -> list[Json]:
    return [
        {
            "type": "web_search_result",
            "url": source.url,
            "title": source.title,
            "encrypted_content": "",
            "page_age": None,
        }
        for source in found
    ]


def requests_made(searches: Sequence[Search]) -> Json:
    made = sum(1 for search in searches if not search.failed)
    return {"web_search_requests": made, "web_fetch_requests": 0}


def derived_id(prefix: str, message_id: str, place: str) -> str:
    """Told by the message and the place in it, so that a stream and a reply agree."""
    digest = hashlib.blake2b(f"{message_id}/{place}".encode(), digest_size=12)
    return prefix + digest.hexdigest()
