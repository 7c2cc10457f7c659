"""Leaf: the key ring of this installation, keyed hashes, masks."""

from grokgateway.crypto.errors import BadKey, KeysMissing, Undecipherable
from grokgateway.crypto.installed import ring
from grokgateway.crypto.keyfiles import ensure_keys
from grokgateway.crypto.keyring import KeyRing
from grokgateway.crypto.masks import mask

__all__ = [
    "BadKey",
    "KeyRing",
    "KeysMissing",
    "Undecipherable",
    "ensure_keys",
    "mask",
    "ring",
]
