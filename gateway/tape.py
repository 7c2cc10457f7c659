"""What one chat request said and heard, as steps that can be gone through again.

Made only for a request that is to be captured; bounded, and in memory alone. It holds
what people said, so nothing but `gateway.captures` may take it further.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.conversation.shaping import Shape
from gateway.errors import GatewayError, Kind, UpstreamFailure

UPSTREAM_BYTES = 1024 * 1024
DOWNSTREAM_BYTES = 1024 * 1024
MOST_STEPS = 50_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """What else than events decides how an answer is encoded.

    `echo` is what a responses object repeats of its request; `sealed`: it gives opaque
    reasoning.
    """

    protocol: str
    id: str
    created: int
    model: str
    stream: bool
    include_usage: bool = False
    echo: Mapping[str, object] = field(default_factory=dict)
    sealed: bool = False
    search: bool = False
    search_forced: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """An account is asked, and its answer shaped from the beginning."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call in one of upstream's forms."""

    form: str
    assets_url: str
    summary: bool


@dataclass(frozen=True, slots=True)
class Again:
    """The answer was no good; the same account is asked once more."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A session is there: what comes now is the answer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The bytes of one read, or one message."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The body came to its end."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The call failed; `status` is that of the response that said so, or 0.

    With 200 it stood in what was heard.
    """

    fault: str
    cause: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Shown:
    """The answer ended well, with these pictures below it."""

    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """The stream was begun, when so much of the input was counted."""

    input_tokens: int


@dataclass(frozen=True, slots=True)
class Alive:
    """A sign of life was sent."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An error ended the answer, before its first byte or within the stream."""

    kind: Kind
    message: str
    param: str | None
    retry_after_s: int | None
    allow: str | None
    code: str

    @property
    def error(self) -> GatewayError:
        return GatewayError(
            self.kind,
            self.message,
            param=self.param,
            retry_after_s=self.retry_after_s,
            allow=self.allow,
            code=self.code,
        )


Step = (
    Begun
    | Again
    | Asked
    | Attached
    | Heard
    | Closed
    | Failed
    | Shown
    | Opened
    | Alive
    | Ended
)


@dataclass(slots=True)
class Tape:
    """`cut`: a limit was reached, and what came later is not on it.

    `secrets` are texts that must never leave it; `odd`: upstream sent what nobody
    knows.
    """

    keep_words: bool = False
    recipe: Recipe | None = None
    shape: Shape = field(default_factory=Shape)
    steps: list[Step] = field(default_factory=list)
    sent: bytearray = field(default_factory=bytearray)
    secrets: set[str] = field(default_factory=set)
    completed_at: float = 0.0
    odd: bool = False
    cut: bool = False
    _heard_bytes: int = 0

    def clock(self) -> float:
        """The time, which is remembered."""
        self.completed_at = time.time()
        return self.completed_at

    @property
    def told(self) -> bool:
        """There is something to go through again."""
        asked = any(isinstance(step, Asked) for step in self.steps)
        return self.recipe is not None and asked

    def begun(self, shape: Shape) -> None:
        self.shape = shape
        self.add(Begun())

    def heard(self, data: bytes | str) -> None:
        raw = data.encode() if isinstance(data, str) else data
        self._heard_bytes += len(raw)
        self.cut = self.cut or self._heard_bytes > UPSTREAM_BYTES
        self.add(Heard(raw))

    def failed(self, error: GatewayError) -> None:
        if not isinstance(error, UpstreamFailure):
            self.add(Failed("", ""))
        elif error.evidence is None:
            self.add(Failed(str(error.fault), error.cause))
        else:
            seen = error.evidence
            self.add(
                Failed(
                    *(str(error.fault), error.cause, seen.status),
                    tuple(seen.headers.items()),
                    seen.body,
                )
            )

    def ended(self, error: GatewayError) -> None:
        told = (error.kind, error.message, error.param, error.retry_after_s)
        self.add(Ended(*told, error.allow, error.code))

    def send(self, data: bytes) -> None:
        """What goes to the client."""
        self.cut = self.cut or len(self.sent) + len(data) > DOWNSTREAM_BYTES
        if not self.cut:
            self.sent += data

    def add(self, step: Step) -> None:
        self.cut = self.cut or len(self.steps) >= MOST_STEPS
        if not self.cut:
            self.steps.append(step)
