"""Where the sockets of the Web UI lead, each through the gate."""

from typing import Any

from django.urls import URLPattern, path

from webui.sockets.chat import ChatConsumer
from webui.sockets.gate import Gate
from webui.sockets.imagine import ImagineConsumer

# Any: channels takes ASGI applications where Django knows views
chat: Any = Gate(ChatConsumer.as_asgi())
imagine: Any = Gate(ImagineConsumer.as_asgi(), by_query=True)
ROUTES: list[URLPattern] = [
    path("webui/ws/chat", chat),
    path("webui/api/imagine/ws", imagine),
]
