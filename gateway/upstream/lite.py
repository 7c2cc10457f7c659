"""One light picture through the chat endpoint (6.6)."""

from collections.abc import AsyncGenerator

from gateway.conversation.events import MediaProgress, MediaReady
from gateway.upstream import chat, pictures
from gateway.upstream.headers import Login
from gateway.upstream.limits import Settings
from gateway.upstream.pictures import Event, Picture, Rising

MODE = "fast"
COMMAND = "Drawing: "


async def generate(
    login: Login, prompt: str, settings: Settings
) -> AsyncGenerator[Event]:
    """Ends at the first finished picture. Raises UpstreamFailure if there is none."""
    turn = chat.Turn(COMMAND + prompt, MODE)
    rising, finished = Rising(), set[str]()
    async with chat.ask(login, turn, settings) as replies:
        async for events in replies:
            for event in events:
                if isinstance(event, MediaReady):
                    yield Picture(event.url, None, 0)
                    return
                if isinstance(event, MediaProgress):
                    if event.percent >= 100:
                        finished.add(event.media_id)
                    for progress in rising.to(min(event.percent, 99)):
                        yield progress
    # a picture that is finished and does not come is one that is withheld
    raise pictures.all_moderated() if finished else pictures.nothing_made()
