"""Accounts of a grok2api 2.x installation, read where they lie and never changed.

`read` gives what a source holds, `store` writes it into our own tables. The layouts are
those of its SQLite file, its MySQL and PostgreSQL tables, and its Redis keys
(configuration specification 6.1 to 6.3).
"""

from accounts.grok2api.old import OldAccount, Reading, read
from accounts.grok2api.storing import Conflict, Stored, store

__all__ = ["Conflict", "OldAccount", "Reading", "Stored", "read", "store"]
