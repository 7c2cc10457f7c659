"""What a caller wants of an account, and the rules by which one is chosen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """Pools and modes in order of preference; modes are tried outside, pools inside.

    `operation` names the kind of call: one that upstream refuses to everybody is no
    reason to stop the others. A call that `spends` nothing gives its unit back. Who has
    none of the `media` left, a kind of pictures or films, is not chosen.
    """

    pools: tuple[str, ...]
    modes: tuple[str, ...]
    tags: frozenset[str] = frozenset()
    operation: str = "chat"
    spends: bool = True
    media: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """How to choose: from the configuration, the same for every choice.

    By quota the best of the drawn is taken; otherwise any of them, known quota or not.
    """

    max_inflight: int = 8
    by_quota: bool = True
