"""An upstream that answers as a willing model would: the sandbox, told what to say.

Suites of other people's clients ask their own questions, so the words of the answer are
found here, by what upstream is told, and put into the sandbox's directives.
"""

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Iterator

import orjson
import uvicorn

from gateway.sandbox.app import Sandbox, read
from gateway.sandbox.calls import Message, Receive, Scope, Send

CHAT = "/rest/app-chat/conversations/new"
SESSION = "/ws/mgw/"
TOOLS = "These tools are at your disposal:"
RESULT = "\n\n[tool result for "
MUST = re.compile(r"you must call (\w+);|you must call at least one tool")
OFFERED = re.compile(r"^Tool: (\S+)$", re.MULTILINE)
JOKE: dict[str, object] = {
    "setup": "Why did the cat sit on the keyboard?",
    "punchline": "For the mouse.",
}
# What a question says, the tool it is for, and what that one is given.
CALLS: tuple[tuple[str, str, dict[str, object]], ...] = (
    (r"magic_function_no_args\(\)", "magic_function_no_args", {}),
    (r"magic_function\((?P<input>\d+)\)", "magic_function", {}),
    (r"Pirate greeting", "greeting_generator", {"answer_style": "pirate"}),
    (r"weather in (?P<location>[\w ,]+)\?", "get_weather", {}),
    (r"named '(?P<customer_name>[^']+)'", "unicode_customer", {"description": "new"}),
    (r"What is (?P<a>\d+) \+ (?P<b>\d+)\Z", "my_adder_tool", {}),
    (r"joke", "Joke", JOKE),
    (r"joke", "JokeDict", JOKE),
    (r"Hello!", "magic_function", {"input": 1}),
)


class Obedient:
    """The sandbox behind a rewriter of prompts; all else goes through untouched."""

    def __init__(self) -> None:
        self._sandbox = Sandbox()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == SESSION:
            await self._sandbox(scope, lambda: rewritten(receive), send)
            return
        if scope["type"] != "http" or scope["path"] != CHAT:
            await self._sandbox(scope, receive, send)
            return
        payload = orjson.loads(await read(receive) or b"{}")
        said = answer(payload["message"])
        payload["message"] = f"[user]: [[text={said}]]"
        body = orjson.dumps(payload)

        async def replay() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._sandbox(scope, replay, send)


async def rewritten(receive: Receive) -> Message:
    """A message of a session, with other words if it has any."""
    message = await receive()
    frame = orjson.loads(message.get("text") or b"{}")
    event = frame.get("event", {})
    if event.get("type") != "conversation.item.create":
        return message
    for part in event["item"]["x_grok"]["input_chunks"]:
        if "text" in part:
            part["text"]["text"] = f"[[text={answer(part['text']['text'])}]]"
    return {**message, "text": orjson.dumps(frame).decode()}


def answer(message: str) -> str:
    """What the model says to all that it was told."""
    question = message.rpartition("\n\n[user]: ")[2] or message
    offered = OFFERED.findall(message) if TOOLS in message else []
    if RESULT in question:
        return "It is as the tool says."
    if offered and (call := wanted(message, question, offered)):
        return call
    if "JSON" in message and "joke" in question:
        return "Here you are:\n```json\n" + text_of(JOKE) + "\n```"
    return "Hello to you, and how are you today?"


def wanted(message: str, question: str, offered: list[str]) -> str:
    forced = MUST.search(message)
    for pattern, name, arguments in CALLS:
        found = re.search(pattern, question)
        if found and name in offered and (not forced or forced[1] in {None, name}):
            given = {key: number(text) for key, text in found.groupdict().items()}
            return called(name, {**arguments, **given})
    return ""


def number(text: str) -> object:
    return int(text) if text.isdecimal() else text


def called(name: str, arguments: dict[str, object]) -> str:
    return (
        f"<tool_calls>\n<tool_call><tool_name>{name}</tool_name>"
        f"<parameters>{text_of(arguments)}</parameters></tool_call>\n</tool_calls>"
    )


def text_of(value: object) -> str:
    return orjson.dumps(value).decode()


@contextlib.contextmanager
def running_obedient() -> Iterator[str]:
    """Its address, while it runs in a thread of this process."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(Obedient(), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
