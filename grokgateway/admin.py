"""Pages of the leaf apps, which the console makes because they need to know more."""

from grokgateway.console.jobs.admin import BatchJobAdmin

__all__ = ["BatchJobAdmin"]
