"""Where the sockets of the Web UI lead, each through the gate."""

from django.urls import URLPattern

ROUTES: list[URLPattern] = []
