"""How a node fares in this process; times are unix seconds, handed in."""

from dataclasses import dataclass

COOL_S = 30.0
LONGEST_COOL_S = 600.0
GAIN = 0.1
LOSS = 0.7
LOWEST = 0.05
POOL_PATIENCE = 5  # failures in a row before a node that stands for many exits cools


@dataclass(slots=True)
class Health:
    """`epoch` tells a late report of a burst from news: each failure counts once."""

    score: float = 1.0
    failures: int = 0  # in a row
    cooled_until: float = 0.0
    epoch: int = 0
    last_error: str = ""
    failed_at: float = 0.0
    succeeded_at: float = 0.0
    latency_ms: int = 0
    changed: bool = False  # since it was last written down

    def cooled(self, now: float) -> bool:
        return self.cooled_until > now

    def failed(self, epoch: int, cause: str, now: float, patience: int = 1) -> bool:
        """Whether the report was news; all that began before the last one are not."""
        if epoch != self.epoch:
            return False
        self.epoch += 1
        self.failures += 1
        self.score = max(LOWEST, self.score * LOSS)
        self.last_error, self.failed_at, self.changed = cause, now, True
        if self.failures >= patience:
            doubled = 2.0 ** min(self.failures - patience, 10)
            self.cooled_until = now + min(COOL_S * doubled, LONGEST_COOL_S)
        return True

    def succeeded(self, now: float, latency_ms: int = 0) -> None:
        if self.failures or self.score < 1.0 or now - self.succeeded_at > COOL_S:
            self.changed = True
        self.failures = 0
        self.cooled_until = 0.0
        self.score = min(1.0, self.score + GAIN)
        self.succeeded_at = now
        if latency_ms:
            self.latency_ms = latency_ms
