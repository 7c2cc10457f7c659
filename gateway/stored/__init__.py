"""Responses that callers may ask for again or continue (public-api 4.5).

Written behind the request, read before the next one; never touched in between.
"""

from gateway.stored.reading import Recalled, find, keeper, recall, remove
from gateway.stored.rows import purge
from gateway.stored.sealing import Document, blob

__all__ = [
    "Document",
    "Recalled",
    "blob",
    "find",
    "keeper",
    "purge",
    "recall",
    "remove",
]
