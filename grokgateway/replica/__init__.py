"""Leaf: tables that nodes share through Redis, each with a working copy in SQLite.

Other code knows `writing` in place of a transaction, `follow` before it looks for news,
`join` at start. Where a database is the store, these do nothing more than that.
"""

from grokgateway.replica.errors import Away, Busy, Refused, Unfit
from grokgateway.replica.transactions import follow, in_step, join, writing

__all__ = ["Away", "Busy", "Refused", "Unfit", "follow", "in_step", "join", "writing"]
