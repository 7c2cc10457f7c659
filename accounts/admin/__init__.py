"""Console pages of accounts; tokens are masked, every write goes through the store."""

from accounts.admin.accounts import AccountAdmin
from accounts.admin.histories import RestorePointAdmin, StatusEventAdmin

__all__ = ["AccountAdmin", "RestorePointAdmin", "StatusEventAdmin"]
