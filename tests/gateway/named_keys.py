"""Named keys without a table: put in the book, and asked with."""

from gateway.keys import home, identity
from gateway.keys.cards import KeyBook, KeyCard, Limits
from gateway.keys.store import USES
from tests.gateway.asgi import post
from tests.gateway.ground import MODEL

KEY = "gk-" + "k" * 43
PUBLIC = ("8.8.8.8", 1)
ASK = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
WHOLE = {**ASK, "stream": False}


def issue(key=KEY, **values):
    """Make this the only key of the book."""
    limits = Limits(**values.pop("limits", {}))
    card = KeyCard(id=7, fingerprint=identity.owner(key), limits=limits, **values)
    home.HOME.book = KeyBook({identity.hashed(key): card})
    return card


def bearer(key=KEY):
    return {"Authorization": f"Bearer {key}"}


def asked(document=WHOLE, key=KEY, **more):
    return post(document, headers=bearer(key), client=PUBLIC, **more)


def uses(stage):
    return [row for sink, row in stage.kept.rows if sink is USES]
