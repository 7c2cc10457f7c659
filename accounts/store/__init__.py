"""All that is written about accounts, and the rows the directory reads."""

from accounts.store.changes import disable, edit, reset_windows, restore, soft_delete
from accounts.store.pages import changes_since, digest, encrypted_rows_exist, load
from accounts.store.retention import purge_deleted, purge_events
from accounts.store.revisions import current_revision, take_revision
from accounts.store.uses import USES, save_uses

__all__ = [
    "USES",
    "changes_since",
    "current_revision",
    "digest",
    "disable",
    "edit",
    "encrypted_rows_exist",
    "load",
    "purge_deleted",
    "purge_events",
    "reset_windows",
    "restore",
    "save_uses",
    "soft_delete",
    "take_revision",
]
