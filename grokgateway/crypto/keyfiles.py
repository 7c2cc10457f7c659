"""Key texts and the key files of the data directory; messages never hold a key."""

import base64
import binascii
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from grokgateway.crypto.errors import BadKey, KeysMissing
from grokgateway.crypto.keyring import KEY_BYTES, KeyRing

CREDENTIAL_FILE = "credential_keys"
SECRET_FILE = "secret_key"  # noqa: S105 - a file name
WRITER_WAIT_S = 2.0
WRITER_POLL_S = 0.01
URL_SAFE = str.maketrans("-_", "+/")


def parse_keys(text: str, *, origin: str) -> list[bytes]:
    """Read keys parted by commas or line ends; `origin` names the source in errors."""
    texts = [part for part in text.replace(",", "\n").split() if part]
    keys = [
        parse_key(part, name=f"{origin}: key {position}")
        for position, part in enumerate(texts, start=1)
    ]
    if keys:
        try:
            KeyRing(keys)
        except BadKey as exc:
            raise BadKey(f"{origin}: {exc}") from None
    return keys


def parse_key(text: str, *, name: str) -> bytes:
    standard = text.translate(URL_SAFE).rstrip("=")
    try:
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadKey(f"{name} is not base64.") from None
    if len(key) != KEY_BYTES:
        raise BadKey(f"{name} holds {len(key)} bytes, not {KEY_BYTES}.")
    return key


def stored_keys(data_dir: Path) -> list[bytes]:
    """Return the keys of the key file, or none if there is no such file."""
    path = data_dir / CREDENTIAL_FILE
    if not path.exists():
        return []
    keys = parse_keys(read_once_written(path), origin=str(path))
    if not keys:
        raise BadKey(f"{path} holds no key.")
    return keys


def ensure_keys(
    data_dir: Path, has_encrypted_rows: Callable[[], bool]
) -> tuple[list[bytes], bool]:
    """Return the stored keys, made now if need be, and whether this call made them."""
    keys = stored_keys(data_dir)
    if keys:
        return keys, False
    path = data_dir / CREDENTIAL_FILE
    if has_encrypted_rows():
        raise KeysMissing(
            "Encrypted rows exist but there is no key to read them: set "
            f"CREDENTIAL_KEYS or restore {path} from a backup."
        )
    text = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    made = create_once(path, text + "\n")
    return stored_keys(data_dir), made


def ensure_secret(data_dir: Path) -> str:
    """Return Django's secret key from its file, which is made when missing."""
    path = data_dir / SECRET_FILE
    if not path.exists():
        create_once(path, secrets.token_urlsafe(50) + "\n")
    return read_once_written(path).strip()


def create_once(path: Path, text: str) -> bool:
    """Create the file for its owner alone; return False when another was first."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return True


def read_once_written(path: Path) -> str:
    """Read a key file, waiting for the process that has just created it."""
    deadline = time.monotonic() + WRITER_WAIT_S
    while True:
        text = path.read_text(encoding="utf-8")
        if text.strip():
            return text
        if time.monotonic() >= deadline:
            raise BadKey(f"{path} is empty: delete it to have a new key made.")
        time.sleep(WRITER_POLL_S)
