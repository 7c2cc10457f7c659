"""Where sockets lead; anything else is refused like a foreign page."""

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from grokgateway.console.jobs.sockets import JobsConsumer
from grokgateway.origins import OwnOrigin
from webui.sockets.routes import ROUTES

# Any: channels takes ASGI applications where Django knows views
jobs: Any = OwnOrigin(AuthMiddlewareStack(JobsConsumer.as_asgi()))
application = URLRouter(
    [
        path("admin/ws/jobs", jobs),
        *ROUTES,
        re_path("", WebsocketDenier.as_asgi()),
    ]
)
