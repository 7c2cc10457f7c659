"""What an examination is asked for, as commands, pages and scripts say it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """Empty means what is likely; `spend` allows one query of the account."""

    node: str = ""
    account: str = ""
    model: str = ""
    spend: bool = False

    def stored(self) -> Json:
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, object]) -> "Asked":
        texts = {n: str(stored.get(n, "")) for n in ("node", "account", "model")}
        return cls(**texts, spend=bool(stored.get("spend", False)))


class Unknown(LookupError):
    """There is no such thing; `what` is node, account or model."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no such {what}.")
        self.what = what
