"""How a secret is shown to people."""

HIDDEN = "********"
HEAD_CHARS = 6
TAIL_CHARS = 4
SHORTEST_SHOWN_CHARS = 20


def mask(token: str) -> str:
    """Return the first six and last four characters, or nothing of a short token."""
    if not token:
        return ""
    if len(token) < SHORTEST_SHOWN_CHARS:
        return HIDDEN
    return f"{token[:HEAD_CHARS]}\N{HORIZONTAL ELLIPSIS}{token[-TAIL_CHARS:]}"
