"""What one runtime key is: its name, default, limits and how it is explained."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

Value = bool | int | str | tuple[str, ...]
Fault = Callable[[str], str | None]


class Kind(StrEnum):
    FLAG = "bool"
    NUMBER = "int"
    TEXT = "text"
    ITEMS = "list"


class Reload(StrEnum):
    """When a saved value counts."""

    NEXT_USE = "next_use"
    NEXT_REQUEST = "next_request"
    NEXT_ROUND = "next_round"


def unchanged(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Key:
    """A declared key; `fault` judges a text that is not empty, or each list item.

    `credentials` marks addresses that may hold a password: stored encrypted, shown
    with the password masked. `new_minimum_chars` binds only values that are saved.
    """

    name: str
    group: str
    default: Value
    help: str
    minimum: int = 0
    maximum: int = 0
    choices: tuple[str, ...] = ()
    fault: Fault | None = None
    clean: Callable[[str], str] = unchanged
    unit: str = ""
    required: bool = False
    secret: bool = False
    credentials: bool = False
    new_minimum_chars: int = 0
    former: tuple[str, ...] = ()
    former_wins: bool = False
    reload: Reload = Reload.NEXT_USE
    in_template: bool = True

    @property
    def kind(self) -> Kind:
        if isinstance(self.default, bool):
            return Kind.FLAG
        if isinstance(self.default, int):
            return Kind.NUMBER
        return Kind.TEXT if isinstance(self.default, str) else Kind.ITEMS

    @property
    def variable(self) -> str:
        return variable_of(self.name)

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the environment names of the key, the one that wins first."""
        former = tuple(variable_of(name) for name in self.former)
        return (
            (*former, self.variable) if self.former_wins else (self.variable, *former)
        )

    @property
    def sealed(self) -> bool:
        return self.secret or self.credentials


def variable_of(name: str) -> str:
    return "GROK_" + name.upper().replace(".", "_")
