"""The public API's own routes, resolved by the lean entry."""

from django.urls import path

from gateway.api import anthropic, openai

urlpatterns = [path("", openai.urls), path("", anthropic.urls)]
