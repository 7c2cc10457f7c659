"""Frames of tools: usage cards, search results, citations, pictures."""

from collections.abc import Iterator

import orjson

from gateway.sandbox.frames import Frame, response

EXAMPLE = "https://example.org"
ARGUMENTS = {
    "web_search": "query",
    "x_search": "query",
    "x_keyword_search": "query",
    "x_semantic_search": "query",
    "browse_page": "url",
    "search_images": "image_description",
    "image_search": "imageDescription",
    "chatroom_send": "message",
    "code_execution": "code",
}
SAMPLES = {"query": "tide tables", "url": f"{EXAMPLE}/page-1", "code": "print(6 * 7)"}
PERCENTS = (0, 25, 50, 75, 100)


def tool_card(card_id: str, tool: str, *, rollout: str = "Grok") -> Frame:
    argument = ARGUMENTS.get(tool)
    args = {argument: SAMPLES.get(argument, "high water")} if argument else {}
    return response(
        token=f"<xai:tool_name>{tool}</xai:tool_name>",
        messageTag="tool_usage_card",
        messageStepId=2,
        rolloutId=rollout,
        toolUsageCardId=card_id,
        toolUsageCard={"toolUsageCardId": card_id, camel(tool): {"args": args}},
    )


def tool_result(card_id: str, tool: str) -> Frame:
    """What a tool prints is not meant for the reader."""
    ran = {"codeExecutionResult": {"stdout": "42\n"}} if "code" in tool else {}
    return response(
        token="internal",  # noqa: S106 - a piece of text, no secret
        messageTag="raw_function_result",
        toolUsageCardId=card_id,
        **ran,
    )


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def web_results(count: int, *, bare: bool = False) -> Frame:
    found = [
        {"url": f"{EXAMPLE}/page-{n}", "title": f"Page {n}", "preview": "..."}
        for n in range(1, count + 1)
    ]
    if bare:
        return response(toolUsageCardId="tc-1", citedWebSearchResults=found)
    return response(toolUsageCardId="tc-1", webSearchResults={"results": found})


def x_results(*, bare: bool = False) -> Frame:
    posts = [
        {"postId": "77", "username": "reader", "text": "High water at nine"},
        {"postId": "78", "username": "sailor", "text": ""},
    ]
    if bare:
        return response(toolUsageCardId="tc-2", xposts=posts)
    return response(toolUsageCardId="tc-2", xSearchResults={"results": posts})


def attachment(card: Frame, *, later: bool) -> Frame:
    """A JSON string, or in a list and as an object, as the later service sends it."""
    if later:
        return response(cardAttachments=[{"jsonData": card}])
    return response(cardAttachment={"jsonData": orjson.dumps(card).decode()})


def citation_card(number: int, *, later: bool) -> Frame:
    card = {
        "id": f"c{number}",
        "type": "render_inline_citation",
        "cardType": "citation_card",
        "url": f"{EXAMPLE}/page-{number}",
    }
    return attachment(card, later=later)


def citation_tag(number: int) -> str:
    return (
        f'<grok:render card_id="c{number}" card_type="citation_card" '
        'type="render_inline_citation"><argument name="citation_id">'
        f"{number}</argument></grok:render>"
    )


def picture(
    number: int,
    *,
    moderated: bool,
    later: bool,
    identity: str = "",
    user_id: str = "u1",
) -> Iterator[Frame]:
    """One generated picture from its placeholder to the end; previews on the way."""
    yield attachment({"id": f"g{number}", "image_chunk": None}, later=later)
    for percent in PERCENTS:
        card = picture_card(number, percent, moderated=moderated, later=later)
        if identity:
            place(card, identity, user_id)
        yield attachment(card, later=later)


def picture_card(number: int, percent: int, *, moderated: bool, later: bool) -> Frame:
    done = percent == max(PERCENTS)
    part = "" if done else "-part-0"
    path = f"users/u1/generated/img-{number}{part}/image.jpg"
    chunk = {
        "imageUuid": f"img-{number}",
        "progress": percent,
        "moderated": moderated and done,
        "image_url" if later else "imageUrl": path,
    }
    return {"id": f"g{number}", "imageChunk" if later else "image_chunk": chunk}


def place(card: Frame, identity: str, user_id: str) -> None:
    """Put a picture where an account's own are."""
    chunk = card.get("image_chunk") or card["imageChunk"]
    key = "imageUrl" if "imageUrl" in chunk else "image_url"
    path = chunk[key].replace("/u1/", f"/{user_id}/")
    chunk[key] = path.replace(chunk["imageUuid"], identity)
    chunk["imageUuid"] = identity


def finished_picture(number: int, *, moderated: bool) -> str:
    card = picture_card(number, max(PERCENTS), moderated=moderated, later=True)
    return orjson.dumps(card).decode()
