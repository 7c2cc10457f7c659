"""Events of the chat gateway as the frames of the older stream (13.3).

One reading of what an answer means serves both forms; this tells the later names by the
earlier ones. Events of unknown kind become nothing.
"""

from collections.abc import Callable, Iterable

from gateway.upstream.fields import Json, items, record, text

THINKING_CHANNELS = ("ANALYSIS", "REASONING")
SPEAKING_CHANNELS = frozenset({"", "CHANNEL_ASSISTANT_RESPONSE"})
COMPLETED = frozenset({"", "completed"})
CITATION = "gateway citation"
MARK = f'<grok:render card_id="{CITATION}" type="render_inline_citation"/>'

Frames = Iterable[Json]


class Translator:
    """`spoke`: words of the answer came, so that its whole text need not be told."""

    def __init__(self) -> None:
        self.spoke = False

    def frames(self, event: Json) -> Frames:
        translate = EVENTS.get(text(event.get("type")))
        return () if translate is None else translate(self, event)

    def chunk(self, event: Json) -> Frames:
        chunk = record(event.get("chunk"))
        for key, translate in CHUNKS.items():
            part = chunk.get(key)
            if isinstance(part, dict):
                yield from translate(self, part)

    def words(self, part: Json) -> Frames:
        channel = text(part.get("channel")).upper()
        said = text(part.get("text"))
        if any(name in channel for name in THINKING_CHANNELS):
            yield response(token=said, isThinking=True)
        elif channel in SPEAKING_CHANNELS:
            self.spoke = self.spoke or bool(said)
            yield response(token=said)

    def tool(self, card: Json) -> Frames:
        tools = {name: use for name, use in card.items() if isinstance(use, dict)}
        yield response(
            messageTag="tool_usage_card",
            rolloutId=card.get("rollout_id"),
            toolUsageCard=tools,
        )

    def result(self, result: Json) -> Frames:
        pages = items(record(result.get("web_search")).get("webpages"))
        posts = items(record(result.get("x_post")).get("posts"))
        if pages:
            yield response(webSearchResults=pages)
        if posts:
            yield response(xSearchResults=[post(record(one)) for one in posts])

    def citation(self, citation: Json) -> Frames:
        url = text(citation.get("url"))
        if url:
            self.spoke = True
            card = {"id": CITATION, "url": url}
            yield response(cardAttachment={"jsonData": card})
            yield response(token=MARK)

    def delta(self, event: Json) -> Frames:
        said = text(event.get("delta"))
        self.spoke = self.spoke or bool(said)
        yield response(token=said)

    def whole(self, event: Json) -> Frames:
        if not self.spoke:
            self.spoke = True
            yield response(token=text(event.get("text")))

    def found(self, event: Json) -> Frames:
        yield response(webSearchResults=[record(event.get("result"))])

    def output(self, event: Json) -> Frames:
        output = record(event.get("output"))
        if failed := output.get("stream_error"):
            yield failure(failed)
        if card := output.get("card_attachment"):
            yield response(cardAttachment=card)

    def done(self, event: Json) -> Frames:
        ended = record(event.get("response"))
        status = text(ended.get("status"))
        if status in COMPLETED:
            yield response(finalMetadata={"responseId": ended.get("id")})
        else:
            yield failure(ended.get("error") or f"the response is {status}")

    def error(self, event: Json) -> Frames:
        yield failure(event.get("error") or "an error without words")

    def over(self, _event: Json) -> Frames:
        yield failure("the session ended before the answer")


Translate = Callable[[Translator, Json], Frames]

CHUNKS: dict[str, Translate] = {
    "tool_usage_card": Translator.tool,
    "tool_result": Translator.result,
    "render_citation": Translator.citation,
    "text": Translator.words,
}
EVENTS: dict[str, Translate] = {
    "response.chunk": Translator.chunk,
    "response.output_text.delta": Translator.delta,
    "response.output_text.done": Translator.whole,
    "response.search.result": Translator.found,
    "response.grok.output": Translator.output,
    "response.done": Translator.done,
    "error": Translator.error,
    "session.ended": Translator.over,
}


def response(**fields: object) -> Json:
    return {"result": {"response": fields}}


def post(found: Json) -> Json:
    return {
        "postId": found.get("post_id"),
        "username": found.get("userhandle"),
        "text": found.get("text"),
    }


def failure(error: object) -> Json:
    """A code in words speaks for itself beside the message."""
    fields = record(error)
    code = fields.get("code")
    named = code.replace("_", " ") if isinstance(code, str) else ""
    told = text(fields.get("message")) or text(error)
    message = ": ".join(filter(None, (named, told))) or "upstream error"
    return {"error": {"code": code, "message": message}}
