"""The public API's own routes, resolved by the lean entry."""

from django.urls import path

from gateway import metrics
from gateway.api import anthropic, openai

urlpatterns = [
    path("metrics", metrics.view),
    path("", openai.urls),
    path("", anthropic.urls),
]
