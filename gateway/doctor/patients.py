"""Who is examined: a way out, perhaps an account, perhaps a model; values alone."""

from dataclasses import dataclass

from gateway.egress.nodes import DIRECT_NODE, Node
from gateway.upstream.headers import Login


@dataclass(frozen=True, slots=True)
class Holder:
    """An account as it is stored; `cooling` names modes that rest here."""

    public_id: str
    login: Login
    pool: str
    status: str
    modes: tuple[str, ...]
    cooling: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """A model as its route has it; `pools` may serve it."""

    model: str
    mode: str
    modes: tuple[str, ...]
    pools: tuple[str, ...]
    chat: bool = True


@dataclass(frozen=True, slots=True)
class Patient:
    """`node` is None where a proxied mode has none; `seen_exit` is the stored one."""

    node: Node | None = DIRECT_NODE
    enabled: bool = True
    seen_exit: str = ""
    holder: Holder | None = None
    missing: str = ""  # why there is no account: a code that has words
    wish: Wish | None = None
    spend: bool = False  # one query may be used

    @property
    def name(self) -> str:
        return self.node.name if self.node else ""

    @property
    def login(self) -> Login:
        return self.holder.login if self.holder else Login("")
