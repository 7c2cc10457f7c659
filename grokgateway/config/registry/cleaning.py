"""What is put right silently in pasted values, before the rules look at them."""

import re

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
SINGLE_QUOTES = "\u2018\u2019\u201a\u201b"
DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f"
ODD_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
ODD_SPACES += "\u202f\u205f\u3000"
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
PLAIN = str.maketrans(
    dict.fromkeys(DASHES, "-")
    | dict.fromkeys(SINGLE_QUOTES, "'")
    | dict.fromkeys(DOUBLE_QUOTES, '"')
    | dict.fromkeys(ODD_SPACES, " ")
    | dict.fromkeys(ZERO_WIDTH, "")
)


def header(text: str) -> str:
    """Return plain Latin-1: pasted header values come with typographic characters."""
    plain = text.translate(PLAIN).encode("latin-1", "ignore").decode("latin-1")
    return plain.strip()


def token(text: str) -> str:
    return re.sub(r"\s+", "", header(text))


def base_url(text: str) -> str:
    return text.rstrip("/")


def lower(text: str) -> str:
    return text.lower()


def upper(text: str) -> str:
    return text.upper()
