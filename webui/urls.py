"""Addresses of the Web UI; the seed's, with and without a final slash."""

from django.urls import path

from webui import signing, views, voice
from webui.api import models, uploads
from webui.api import voice as voice_api
from webui.imagine import views as wall

urlpatterns = [
    path("webui", views.home, name="webui"),
    path("webui/", views.home),
    path("webui/login", signing.sign_in, name="webui-login"),
    path("webui/login/", signing.sign_in),
    path("webui/logout", signing.sign_out, name="webui-logout"),
    path("webui/chat", views.chat, name="webui-chat"),
    path("webui/chat/", views.chat),
    path("webui/masonry", views.masonry, name="webui-masonry"),
    path("webui/masonry/", views.masonry),
    path("webui/chatkit", voice.chatkit, name="webui-chatkit"),
    path("webui/chatkit/", voice.chatkit),
    path("webui/api/verify", models.verify),
    path("webui/api/models", models.models),
    path("webui/api/wall", wall.show, name="webui-wall"),
    path("webui/api/wall/remove", wall.remove, name="webui-wall-remove"),
    path("webui/api/wall/undo", wall.undo, name="webui-wall-undo"),
    path("webui/api/uploads", uploads.upload),
    path("webui/api/voice/token", voice_api.token),
    path("webui/api/voice/keep", voice_api.keep),
    path("webui/api/voice/end", voice_api.end),
]
