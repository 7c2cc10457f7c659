"""Encryption and keyed hashes over a list of keys; knows nothing of where keys live.

Rule for the list: the first key encrypts, every key decrypts, and the *last* key also
feeds the hashes of `fingerprint`. So a new key is put in front and rows are encrypted
anew; the keys in the middle may then go, but the last one stays, because fingerprints
made with it (account ids, API keys) cannot be found through any other.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from grokgateway.crypto.errors import BadKey, Undecipherable

KEY_BYTES = 32
VERSION = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = len(VERSION) + KEY_ID_BYTES
LOOKUP_INFO = b"grokgateway fingerprint v1"


class KeyRing:
    """Ciphertext: version byte, key id (start of its SHA-256), nonce, sealed text."""

    __slots__ = ("_ciphers", "_lookup_key", "_primary")

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise BadKey("The key ring needs at least one key.")
        ciphers: dict[bytes, AESGCM] = {}
        for position, key in enumerate(keys, start=1):
            if len(key) != KEY_BYTES:
                raise BadKey(f"Key {position} is not {KEY_BYTES} bytes long.")
            if key_id(key) in ciphers:
                raise BadKey(f"Key {position} repeats an earlier one.")
            ciphers[key_id(key)] = AESGCM(key)
        self._ciphers = ciphers
        self._primary = key_id(keys[0])
        self._lookup_key = HKDF(SHA256(), KEY_BYTES, None, LOOKUP_INFO).derive(keys[-1])

    def __repr__(self) -> str:
        return f"KeyRing({len(self._ciphers)} keys)"

    def encrypt(self, plaintext: str, *, context: str) -> bytes:
        return self.seal(plaintext.encode(), context=context)

    def decrypt(self, ciphertext: bytes, *, context: str) -> str:
        """Raise `Undecipherable` for anything but an intact text of this context."""
        return self.open(ciphertext, context=context).decode()

    def seal(self, plain: bytes, *, context: str) -> bytes:
        header = VERSION + self._primary
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self._primary].encrypt(
            nonce, plain, header + context.encode()
        )
        return header + nonce + sealed

    def open(self, ciphertext: bytes, *, context: str) -> bytes:
        """Raise `Undecipherable` as `decrypt` does."""
        header, rest = ciphertext[:HEADER_BYTES], ciphertext[HEADER_BYTES:]
        if len(rest) < NONCE_BYTES + TAG_BYTES or header[:1] != VERSION:
            raise Undecipherable("This is not a ciphertext of this key ring.")
        cipher = self._ciphers.get(header[1:])
        if cipher is None:
            raise Undecipherable("Its key is not among CREDENTIAL_KEYS.")
        try:
            return cipher.decrypt(
                rest[:NONCE_BYTES], rest[NONCE_BYTES:], header + context.encode()
            )
        except InvalidTag:
            raise Undecipherable("It is damaged or belongs elsewhere.") from None

    def is_current(self, ciphertext: bytes) -> bool:
        """Tell whether the first key made it, so that rotation may skip it."""
        return ciphertext[:HEADER_BYTES] == VERSION + self._primary

    def fingerprint(self, text: str, *, purpose: str) -> str:
        """Return 64 hex digits, equal for equal text and purpose under one last key."""
        message = purpose.encode() + b"\x00" + text.encode()
        return hmac.digest(self._lookup_key, message, "sha256").hex()


def key_id(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:KEY_ID_BYTES]
