"""Addresses of the Web UI; the seed's, with and without a final slash."""

from django.urls import path

from webui import signing, views
from webui.api import models, uploads
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
    path("webui/chatkit", views.chatkit, name="webui-chatkit"),
    path("webui/chatkit/", views.chatkit),
    path("webui/api/verify", models.verify),
    path("webui/api/models", models.models),
    path("webui/api/wall", wall.show, name="webui-wall"),
    path("webui/api/wall/remove", wall.remove, name="webui-wall-remove"),
    path("webui/api/wall/undo", wall.undo, name="webui-wall-undo"),
    path("webui/api/uploads", uploads.upload),
]
