"""Where sockets of the console lead; anything else is refused like a foreign page."""

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from grokgateway.console.jobs.sockets import JobsConsumer
from grokgateway.origins import OwnOrigin

routes = URLRouter(
    [
        path("admin/ws/jobs", AuthMiddlewareStack(JobsConsumer.as_asgi())),
        re_path("", WebsocketDenier.as_asgi()),
    ]
)
application = OwnOrigin(routes)
