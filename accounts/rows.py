"""Plain values that pass between the directory in memory and the tables."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WindowRow:
    """One quota window; times are Unix seconds, 0.0 for unknown."""

    mode: str
    remaining: int
    total: int
    window_s: int
    reset_at: float = 0.0
    source: str = "default"  # default | real | estimated
    cooling_until: float = 0.0


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What selection needs to know about one account, as stored."""

    id: int
    public_id: str
    pool: str  # basic | super | heavy
    status: str  # active | cooling | expired | disabled
    ciphertext: bytes
    user_id: str = ""
    tags: frozenset[str] = frozenset()
    windows: tuple[WindowRow, ...] = ()
    cooling_until: float = 0.0
    last_use_at: float = 0.0
    strikes: tuple[float, ...] = ()  # times of 403 faults within the last 24 h
    unauthorized_at: float = 0.0  # time of the last bare 401, 0.0 if none counts
    server_faults: int = 0  # consecutive 5xx
    deleted: bool = False
    revision: int = 0
    node: str = ""  # the way out that it is pinned to
    media: tuple[tuple[str, float], ...] = ()  # kinds counted; 0.0, or spent until then

    def counts_media(self, kind: str) -> bool:
        return any(name == kind for name, _ in self.media)

    def media_until(self, kind: str) -> float:
        """When pictures or films of this kind can be had again; 0.0 if now."""
        return next((until for name, until in self.media if name == kind), 0.0)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One line of an account's history."""

    account_id: int
    at: float
    from_status: str
    to_status: str
    reason: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A fault that was everybody's: what it did since then is undone."""

    fault: str
    since: float
    before: AccountRow


@dataclass(frozen=True, slots=True)
class Use:
    """What one settled lease adds to an account's counters, and the state after it.

    `row` is given where the standing changed; `window` is the one that was spent from,
    as it stood at `revision`. Where processes share accounts, `outcome` or `withdrawn`
    is judged again on the stored state, and `window` given only if it is to be set.
    """

    account_id: int
    at: float
    succeeded: bool | None  # None: neither success nor failure
    fail_reason: str = ""
    row: AccountRow | None = None  # the state to store, windows included
    changes: tuple[StatusChange, ...] = field(default=())
    window: WindowRow | None = None
    revision: int = 0
    shared: bool = False
    outcome: str = ""
    request_id: str = ""
    withdrawn: Withdrawn | None = None
