"""Why no account could be had."""


class NoAccountAvailable(Exception):
    """`reason` is `no_accounts`, `quota_exhausted`, `cooling` or `saturated`.

    `retry_after_s` is whole seconds, at least 1, until the earliest recovery.
    """

    def __init__(self, reason: str, retry_after_s: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s
