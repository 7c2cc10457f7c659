"""What a turn asks upstream: prompt, files and shape, prepared once per request."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from gateway import attachments
from gateway.attachments import File
from gateway.auth import OPEN, Caller
from gateway.conversation import prompting, tokens
from gateway.conversation.requests import Conversation
from gateway.conversation.shaping import Shape
from gateway.recorder import Journal
from grokgateway.config import Snapshot

COUNT_IN_THREAD_CHARS = 32_768


@dataclass(frozen=True, slots=True)
class Ask:
    """A parsed request on its way in; `journal` is written as the turn goes.

    `session` names what should stay on one account, empty if nothing should. `base` is
    where links to kept files begin, empty where that is unknown. `owner` is whose the
    made files are, else the key's; `batch` marks them as made together. `watched`: the
    answer is read on a page of ours, so that what is made is kept and linked here.
    """

    conversation: Conversation
    journal: Journal
    caller: Caller = OPEN
    session: str = ""
    base: str = ""
    owner: str = ""
    batch: str = ""
    watched: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of whichever account is chosen."""

    prompt: str
    files: tuple[File, ...]
    shape: Shape


async def prepared(ask: Ask, snapshot: Snapshot) -> Question:
    """What every attempt asks; remote attachments are fetched here, once.

    The input is counted before that, since a stream may have to open meanwhile.
    """
    conversation = ask.conversation
    prompt = prompting.prompt(conversation)
    prompt_count, image_count = await input_tokens(conversation, prompt, snapshot)
    ask.journal.input_tokens = prompt_count
    files = await attachments.gather(conversation, snapshot)
    return Question(
        prompt, files, shape_of(conversation, snapshot, prompt_count, image_count)
    )


async def fingerprint(prompt: str, files: Sequence[File]) -> str:
    """Of all that a made result should depend on."""
    return await asyncio.to_thread(fingerprint_of, prompt, files)


def fingerprint_of(prompt: str, files: Sequence[File]) -> str:
    return " ".join([prompt, *(sha256(file.content).hexdigest() for file in files)])


def shape_of(
    conversation: Conversation, snapshot: Snapshot, prompt_count: int, image_count: int
) -> Shape:
    options = conversation.options
    wanted = options.reasoning
    cut = snapshot.flag("features.enforce_max_tokens")
    return Shape(
        reasoning=snapshot.flag("features.thinking") if wanted is None else wanted,
        stop=options.stop,
        show_sources=snapshot.flag("features.show_search_sources"),
        prompt_tokens=prompt_count,
        image_tokens=image_count,
        tools=conversation.tools,
        format=options.format,
        prefill=prompting.prefilled(conversation),
        max_tokens=options.max_tokens if cut else None,
        search=options.search,
        stream=options.stream,
    )


async def input_tokens(
    conversation: Conversation, prompt: str, snapshot: Snapshot
) -> tuple[int, int]:
    """All input tokens, and those of images among them (public-api 8)."""
    limit = snapshot.number("limits.attachments")
    images, others = tokens.attached_counts(conversation.attachments(limit))
    return await prompt_tokens(prompt) + images + others, images


async def prompt_tokens(prompt: str) -> int:
    """Counted off the event loop when the prompt is long."""
    if len(prompt) > COUNT_IN_THREAD_CHARS:
        return await asyncio.to_thread(tokens.prompt_count, prompt)
    return tokens.prompt_count(prompt)
