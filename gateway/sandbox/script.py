"""From directives to the frames of a reply, in order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.sandbox import cards, frames
from gateway.sandbox.directives import Directives
from gateway.sandbox.frames import Frame

UNICODE = ["日本", "語の", "テキスト", "と 🎉", " émoji ", "ß", " عربى", " 👩‍👩‍👧"]
SURROGATES = {"": ["before ", "\ud800", " after"], "pair": ["a ", "\ud83c", "\udf89"]}
ERRORS = {
    "7": (7, "Request rejected by anti-bot rules."),
    "8": (8, "Too many requests"),
    "usage": (9, "You have reached your usage limit"),
    "unavailable": (14, "Model is unavailable, load shed"),
}
ECHO_CHARS = 400
THINKING_MODES = {"auto", "expert", "heavy"}


@dataclass(frozen=True, slots=True)
class Cue:
    """One frame; the pace holds for those of text, thinking and progress."""

    frame: Frame
    paced: bool = False
    word: bool = False


def cues(asked: Directives, mode: str) -> Iterator[Cue]:
    said = words(asked)
    yield from map(Cue, frames.opening())
    yield from thinking(asked, mode)
    yield from searching(asked)
    yield from speaking(asked, said)
    if "error" in asked:
        yield Cue(in_band(asked.text("error")))
        return
    yield from citing(asked)
    yield from drawing(asked)
    yield from map(Cue, ending(asked, "".join(said)))


def words(asked: Directives) -> Sequence[str]:
    """The tokens of the answer's text."""
    if "tokens" in asked:
        return [f"tok{n} " for n in range(1, asked.number("tokens") + 1)]
    if "text" in asked:
        return spaced(asked.text("text"))
    if "unicode" in asked:
        return UNICODE * 3
    if "bigframe" in asked:
        return ["x" * (asked.number("bigframe", bare=64) * 1024)]
    if "surrogate" in asked:
        return SURROGATES.get(asked.text("surrogate"), SURROGATES[""])
    if "toolcall" in asked:
        return spaced(tool_call(asked))
    if "files" in asked:
        return ["\n".join(asked.files) or "none"]
    return [] if "empty" in asked else spaced(small_talk(asked.said, asked.files))


def small_talk(said: str, files: Sequence[str]) -> str:
    if not said and not files:
        return "Hello from the sandbox! Say something, and I will say it back."
    if len(said) > ECHO_CHARS:
        said = said[:ECHO_CHARS] + "..."
    if files:
        said = f"{said}\n\nYou attached: {', '.join(files)}".lstrip()
    return (
        f"Hello from the sandbox! You said: {said}\n\n"
        "I am a local stand-in and know nothing, but I say it word by word."
    )


def tool_call(asked: Directives) -> str:
    return (
        "<tool_calls>\n  <tool_call>\n"
        f"    <tool_name>{asked.text('toolcall')}</tool_name>\n"
        f"    <parameters>{asked.text('toolargs', '{}')}</parameters>\n"
        "  </tool_call>\n</tool_calls>"
    )


def spaced(text: str) -> list[str]:
    """Pieces that end after each blank and are the text again when joined."""
    return [part for part in text.replace(" ", " \0").split("\0") if part]


def thinking(asked: Directives, mode: str) -> Iterator[Cue]:
    unasked = not asked.values and mode in THINKING_MODES
    count = asked.number("thinking", 2 if unasked else 0, bare=1)
    if count:
        yield Cue(frames.heading("Thinking about your request"), paced=True)
    for number in range(1, count + 1):
        sentence = f"- This is thought number {number}."
        yield Cue(frames.thought(sentence, step=number), paced=True)
    for number in range(1, asked.number("thinking_tokens", bare=1) + 1):
        yield Cue(frames.thought(f"think{number} "), paced=True)
    agents = asked.number("agents", 2 if unasked and mode == "heavy" else 0, bare=2)
    for number in range(1, agents + 1):
        name = f"Agent {number}"
        sentence = f"- {name} looks at the question."
        yield Cue(frames.thought(sentence, rollout=name), paced=True)


def searching(asked: Directives) -> Iterator[Cue]:
    later = "v3" in asked
    if "search" in asked or "citations" in asked:
        yield Cue(cards.tool_card("tc-1", "web_search"))
        yield Cue(cards.web_results(3, bare=later))
    if "xposts" in asked:
        yield Cue(cards.tool_card("tc-2", "x_search"))
        yield Cue(cards.x_results(bare=later))
    kinds = asked.text("toolcard").split(",") if "toolcard" in asked else []
    for number, kind in enumerate(kinds, 3):
        tool = kind.strip() or "web_search"
        yield Cue(cards.tool_card(f"tc-{number}", tool))
        yield Cue(cards.tool_result(f"tc-{number}", tool))


def speaking(asked: Directives, said: Sequence[str]) -> Iterator[Cue]:
    if "modelresponse_only" in asked:
        return
    spoken = said[: asked.number("error_after")] if "error" in asked else said
    tagged = "v3" not in asked
    for index, word in enumerate(spoken):
        yield Cue(frames.text(word, tagged=tagged), paced=True, word=True)
        if index == 0 and "drift" in asked:
            kind = asked.text("drift") or "hologram"
            yield Cue(frames.response(**{kind: {"title": "Something new", "depth": 3}}))
        if index == 0 and "late_thinking" in asked:
            yield Cue(frames.thought("- A late thought."))
            yield Cue(cards.tool_card("tc-late", "browse_page"))


def in_band(kind: str) -> Frame:
    if kind == "string":
        return {"error": "a plain string, which means nothing"}
    code, message = ERRORS.get(kind, (13, "Internal"))
    error = {"message": message, "code": code, "details": []}
    if kind == "nested":
        return frames.response(error=error)
    if kind == "listed":
        return frames.model_response("", streamErrors=[error, message])
    return {"error": error}


def citing(asked: Directives) -> Iterator[Cue]:
    if "citations" not in asked:
        return
    tagged = "v3" not in asked
    for number, following in ((1, " and"), (2, " more.")):
        yield Cue(cards.citation_card(number, later=not tagged))
        for token in (cards.citation_tag(number), following):
            yield Cue(frames.text(token, tagged=tagged), paced=True, word=True)


def drawing(asked: Directives) -> Iterator[Cue]:
    moderated, later = "moderated" in asked, "v3" in asked
    for number in range(1, pictures(asked) + 1):
        for frame in cards.picture(number, moderated=moderated, later=later):
            yield Cue(frame, paced=True)


def pictures(asked: Directives) -> int:
    return asked.number("image", 1 if "moderated" in asked else 0, bare=1)


def ending(asked: Directives, said: str) -> Iterator[Frame]:
    if "nomarker" in asked:
        return
    if "empty" not in asked:
        yield frames.soft_stop(hidden="softstop_hidden" in asked)
        yield frames.model_response(said, **later_cards(asked))
    yield frames.final_metadata()


def later_cards(asked: Directives) -> dict[str, list[str]]:
    """The later service repeats the finished pictures beside the whole answer."""
    if "v3" not in asked:
        return {}
    moderated = "moderated" in asked
    numbers = range(1, pictures(asked) + 1)
    return {
        "cardAttachmentsJson": [
            cards.finished_picture(number, moderated=moderated) for number in numbers
        ]
    }
