"""What one run of `serve` was asked to do, in a form that reaches every worker."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Protocol


class Application(Protocol):
    """The ASGI application, and what draining needs to know of it."""

    open_requests: int

    async def __call__(
        self,
        scope: Any,  # noqa: ANN401 - the shapes of ASGI are the server's business
        receive: Any,  # noqa: ANN401 - servers differ
        send: Any,  # noqa: ANN401 - servers differ
    ) -> None: ...

    async def close_sockets(self) -> None: ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """`port` is never 0 here: the address is chosen before the first worker."""

    server: str
    app: str  # module:name
    host: str
    port: int
    workers: int
    drain_s: int
    embedded_jobs: bool
    parent_pid: int

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def dump(self) -> str:
        return json.dumps(asdict(self))


def load(text: str) -> Plan:
    return Plan(**json.loads(text))
