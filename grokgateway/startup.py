"""What the composition root joins at start: leaves that may not know one another."""

from accounts import store
from gateway.exits import store as exits
from gateway.keys import store as keys
from grokgateway import config, logs, redaction

KEPT_OUT_OF_LOGS = ("app.app_key", "app.webui_key")


def encrypted_rows_exist() -> bool:
    """Whether anything stored would be lost with the credential keys."""
    return (
        store.encrypted_rows_exist()
        or config.sealed_rows_exist()
        or keys.rows_exist()
        or exits.rows_exist()
    )


def follow(snapshot: config.Snapshot) -> None:
    """Apply the keys that act at once: log levels, and secrets to keep out of logs."""
    logs.apply(
        snapshot.text("logging.file_level"), snapshot.number("logging.max_files")
    )
    for key in KEPT_OUT_OF_LOGS:
        if snapshot.source(key) != config.Source.DEFAULT:
            redaction.protect(snapshot.text(key))
    for secret in snapshot.items("app.api_key"):
        redaction.protect(secret)
