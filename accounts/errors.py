"""Why no account could be had."""

from accounts.standing import Outcome


class NoAccountAvailable(Exception):
    """`reason` is `no_accounts`, `quota_exhausted`, `cooling`, `saturated`, `paused` or
    `unreachable`, which the shared store is.

    `retry_after_s` is whole seconds, at least 1, until the earliest recovery.
    """

    def __init__(self, reason: str, retry_after_s: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class PoolPaused(NoAccountAvailable):
    """The breaker is open: `fault` is what too many accounts met at once."""

    def __init__(self, fault: Outcome, retry_after_s: int) -> None:
        super().__init__("paused", retry_after_s)
        self.fault = fault
