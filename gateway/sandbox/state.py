"""What one running sandbox knows: accounts, counters, recordings, settings."""

from collections import Counter, deque
from dataclasses import dataclass, field

from gateway.sandbox.accounts import Accounts
from gateway.sandbox.calls import Call
from gateway.sandbox.settings import Settings

RECORDED = 200
PEERS = 1000
RECORDED_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Recording:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str


@dataclass(slots=True)
class State:
    settings: Settings = field(default_factory=Settings)
    accounts: Accounts = field(default_factory=Accounts)
    requests: deque[Recording] = field(default_factory=lambda: deque(maxlen=RECORDED))
    endpoints: Counter[str] = field(default_factory=Counter)
    peers: deque[int] = field(default_factory=lambda: deque(maxlen=PEERS))
    open_streams: int = 0
    closed_early: int = 0

    def note(self, call: Call) -> None:
        self.endpoints[call.label] += 1
        if self.settings.record:
            headers = {
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in call.headers.items()
            }
            body = call.body[:RECORDED_BYTES].decode("utf-8", "replace")
            self.requests.append(
                Recording(call.method, call.path, call.query, headers, body)
            )

    def forget(self) -> None:
        """Everything but the settings and what is open now."""
        self.accounts.forget()
        self.requests.clear()
        self.endpoints.clear()
        self.peers.clear()
        self.closed_early = 0
