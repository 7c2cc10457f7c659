"""The pages of the Web UI: its tabs."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from grokgateway import config
from webui.access import page
from webui.modules import brought_by
from webui.pages import limits, shown
from webui.words import chat as chat_words
from webui.words import masonry as picture_words

CHAT = "js/webui/chat/page.js"
PICTURES = "js/webui/masonry/page.js"
FILM_SECONDS = (6, 10, 12, 16, 20)


@page
def home(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("webui-chat"))


@page
def chat(request: HttpRequest) -> HttpResponse:
    context = {
        "limits": limits(),
        "modules": brought_by(CHAT),
        "film_seconds": FILM_SECONDS,
    }
    return shown(request, "chat", words=chat_words.words(), context=context)


@page
def masonry(request: HttpRequest) -> HttpResponse:
    adult = config.current().flag("features.enable_nsfw")
    context = {
        "limits": limits(),
        "modules": brought_by(PICTURES),
        "adult": adult,
    }
    words = picture_words.words()
    return shown(request, "masonry", words=words, context=context)
