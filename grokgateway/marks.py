"""Small marked-up values for the console pages of every app."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

GOOD, WAIT, BAD, OFF, IDLE = "good", "wait", "bad", "off", "idle"


def badge(kind: str, text: object) -> SafeString:
    """A state told by its word and by a shape; `kind` is one of those above."""
    return format_html('<span class="badge {}">{}</span>', kind, text)
