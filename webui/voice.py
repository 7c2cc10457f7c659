"""The voice page: what it offers, and the one host beside ours it may talk to."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static

from gateway.conversation import speaking
from grokgateway import config
from webui.access import page
from webui.modules import brought_by
from webui.pages import shown
from webui.words import voice as words

SCRIPT = "js/webui/chatkit/page.js"
LIBRARY = "vendor/livekit-client-2.23.0/livekit-client.umd.js"
SPEEDS = ("0.5", "0.75", "1.0", "1.1", "1.25", "1.4", "1.5", "1.75", "2.0")
WEB_SCHEMES = {"wss": "https", "ws": "http"}


@page
def chatkit(request: HttpRequest) -> HttpResponse:
    now = config.current()
    rooms_url = now.text("upstream.livekit_url")
    adult = now.flag("features.enable_nsfw")
    offered = speaking.personalities(adult=adult)
    names = words.personalities()
    return shown(
        request,
        "chatkit",
        words=words.words(),
        context={
            "library": static(LIBRARY),
            "modules": brought_by(SCRIPT),
            "room_host": urlsplit(rooms_url).netloc,
            "voices": [(voice, voice.capitalize()) for voice in speaking.VOICES],
            "personalities": [(one, names[one]) for one in offered],
            "speeds": SPEEDS,
            "most_instruction_chars": speaking.MOST_INSTRUCTION_CHARS,
        },
        connections=origins(rooms_url),
        microphone=True,
    )


def origins(rooms_url: str) -> list[str]:
    """LiveKit's client opens a socket, and asks by HTTP why it was refused."""
    parts = urlsplit(rooms_url)
    schemes = (parts.scheme, WEB_SCHEMES[parts.scheme])
    return [f"{scheme}://{parts.netloc}" for scheme in schemes]
