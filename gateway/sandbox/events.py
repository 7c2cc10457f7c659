"""The frames of a scripted reply as the later service's events (13.3)."""

import re
from collections.abc import Iterator

import orjson

from gateway.sandbox.frames import Frame

SPEAKING = "CHANNEL_ASSISTANT_RESPONSE"
THINKING = "CHANNEL_ANALYSIS"
TAG = re.compile(r'<grok:render card_id="([^"]*)"')
CAPITAL = re.compile(r"([A-Z])")
KNOWN = frozenset(
    {
        *("token", "isThinking", "messageTag", "messageStepId", "rolloutId"),
        *("responseId", "toolUsageCard", "toolUsageCardId", "codeExecutionResult"),
        *("webSearchResults", "citedWebSearchResults", "xSearchResults", "xposts"),
        *("cardAttachment", "cardAttachments", "userResponse", "modelResponse"),
        *("isSoftStop", "finalMetadata", "error"),
    }
)
WEB_KEYS = ("webSearchResults", "citedWebSearchResults")
X_KEYS = ("xSearchResults", "xposts")


class Telling:
    """One answer; `later`: by deltas and single results instead of chunks."""

    def __init__(self, *, later: bool) -> None:
        self._later = later
        self._cited: dict[str, str] = {}

    def events(self, frame: Frame) -> Iterator[Frame]:
        if isinstance(frame.get("error"), dict):
            yield error(frame["error"])
        response = frame.get("result", {}).get("response", {})
        if "error" in response:
            yield output(stream_error=response["error"])
        for attachment in attachments(response):
            yield from self._card(attachment)
        yield from self._found(response)
        if response.get("messageTag") == "tool_usage_card":
            yield chunk("tool_usage_card", tool(response["toolUsageCard"]))
        elif response.get("messageTag") != "raw_function_result":
            yield from self._words(response)
        for name in response.keys() - KNOWN:
            yield {"type": f"response.{name}", name: response[name]}
        yield from ending(response)

    def _card(self, attachment: Frame) -> Iterator[Frame]:
        """A citation is told where it stands in the text."""
        data = attachment["jsonData"]
        card = orjson.loads(data) if isinstance(data, str) else data
        if card.get("type") == "render_inline_citation":
            self._cited[card["id"]] = card["url"]
        else:
            yield output(card_attachment=attachment)

    def _found(self, response: Frame) -> Iterator[Frame]:
        call = {"tool_call_id": response.get("toolUsageCardId")}
        pages, posts = listed(response, WEB_KEYS), listed(response, X_KEYS)
        if pages and self._later:
            for page in pages:
                yield {"type": "response.search.result", "result": page}
        elif pages:
            found = [{**page, "snippet": "..."} for page in pages]
            yield chunk("tool_result", {**call, "web_search": {"webpages": found}})
        if posts:
            found = [
                {
                    "userhandle": post["username"],
                    "name": post["username"].title(),
                    "text": post["text"],
                    "post_id": post["postId"],
                }
                for post in posts
            ]
            yield chunk("tool_result", {**call, "x_post": {"posts": found}})

    def _words(self, response: Frame) -> Iterator[Frame]:
        token = response.get("token")
        if not token:
            return
        mark = TAG.match(token)
        if mark is not None:
            yield chunk("render_citation", self._citation(mark[1]))
        elif response.get("isThinking"):
            yield chunk("text", {"text": token, "channel": THINKING})
        elif self._later:
            yield {"type": "response.output_text.delta", "delta": token}
        else:
            yield chunk("text", {"text": token, "channel": SPEAKING})

    def _citation(self, card_id: str) -> Frame:
        return {
            "id": card_id,
            "kind": "CITATION_KIND_WEB_PAGE",
            "url": self._cited[card_id],
            "citation_id": card_id,
        }


def attachments(response: Frame) -> list[Frame]:
    own = response.get("cardAttachment")
    return [own] if own else response.get("cardAttachments", [])


def listed(response: Frame, keys: tuple[str, ...]) -> list[Frame]:
    """Results are an object with a list, or the bare list."""
    for key in keys:
        results: list[Frame] | Frame = response.get(key, [])
        if results:
            return results["results"] if isinstance(results, dict) else results
    return []


def tool(card: Frame) -> Frame:
    """Names with underscores in place of capitals."""
    named = {snake(name): use for name, use in card.items() if isinstance(use, dict)}
    return {"tool_usage_card_id": card["toolUsageCardId"], **named}


def snake(name: str) -> str:
    return CAPITAL.sub(r"_\1", name).lower()


def ending(response: Frame) -> Iterator[Frame]:
    model = response.get("modelResponse", {})
    for failed in model.get("streamErrors", [])[:1]:
        yield error(failed)
    if model.get("message"):
        yield {"type": "response.output_text.done", "text": model["message"]}
    if "finalMetadata" in response:
        done = {"id": "mr-1", "status": "completed"}
        yield {"type": "response.done", "response": done}


def error(found: Frame) -> Frame:
    told = {"code": found.get("code"), "message": found.get("message")}
    return {"type": "error", "error": told}


def output(**fields: object) -> Frame:
    return {"type": "response.grok.output", "output": fields}


def chunk(kind: str, part: Frame) -> Frame:
    return {"type": "response.chunk", "chunk": {kind: part}}
