"""What the control API can change while the sandbox runs."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from gateway.sandbox.accounts import FAULTS

STATUS_FAULTS = {"429": "ratelimited", "500": "err500", "503": "err503"}
EVERYONES_FAULTS = frozenset({*FAULTS, *STATUS_FAULTS, "challenge"})
SOLVERS = frozenset({"", "error", "garbage", "hang", "slow"})
FORMS = frozenset({"both", "old", "new"})
Value = str | int | bool | None


class BadSetting(Exception):
    """No such setting, or not a value for it."""


@dataclass(slots=True)
class Settings:
    fault: str | None = None  # strikes every account alike
    latency_ms: int = 0
    pace_ms: int = 0
    record: bool = False
    strict_statsig: bool = False
    allow_any: bool = False
    clearance: str = "fresh"
    clearance_agent: str = ""  # the browser it was given to; empty fits all
    guarded: bool = False  # everything wants the clearance, whoever asks
    solver: str = ""  # how the solver at /v1 fails
    chat_forms: str = "both"  # these: which generation's form is taken
    upload_forms: str = "both"
    image_edit_forms: str = "both"
    video_forms: str = "both"
    imagine_forms: str = "both"
    quota_forms: str = "both"  # of these two the older service has no form
    terms_forms: str = "both"
    drift: str = ""  # an unknown kind of frame in every chat
    gone_status: int = 404  # answered in place of a form that is not

    def change(self, changes: Iterable[tuple[str, Value]]) -> None:
        """All of `changes`, or none. Raises BadSetting."""
        checked = [(name, self._checked(name, value)) for name, value in changes]
        for name, value in checked:
            setattr(self, name, value)

    def _checked(self, name: str, value: Value) -> Value:
        if name not in {field.name for field in fields(self)}:
            raise BadSetting(f"no setting {name!r}")
        if name == "fault":
            if value in {None, "", "null"}:
                return None
            if value not in EVERYONES_FAULTS:
                raise BadSetting(f"fault is one of {sorted(EVERYONES_FAULTS)}")
            return value
        if name.endswith("_forms") and value not in FORMS:
            raise BadSetting(f"{name} is one of {sorted(FORMS)}")
        if name == "solver" and value not in SOLVERS:
            raise BadSetting(f"solver is one of {sorted(SOLVERS)}")
        return converted(name, value, type(getattr(self, name)))


def converted(name: str, value: Value, kind: type) -> Value:
    """Query strings bring text for every kind of value."""
    if kind is bool and str(value).lower() in {"1", "true", "0", "false"}:
        return str(value).lower() in {"1", "true"}
    if kind is int and str(value).isdecimal():
        return int(str(value))
    if kind is str and isinstance(value, str):
        return value
    raise BadSetting(f"{name} takes {kind.__name__}, not {value!r}")
