"""Panel: which accounts failed most and answered slowest in the latest requests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean

from django.http import HttpRequest
from django.urls import reverse

from gateway.models import RequestRecord
from grokgateway.console.panels import Panel

LATEST = 1_000
SHOWN = 5
NO_FAULT = frozenset({"ok", "cut", "rejected", "policy"})  # not the account's
COLUMNS = ("account", "attempts", "first_token_ms")
Attempts = Iterable[Mapping[str, object]]


@dataclass(slots=True)
class Line:
    """One account; `faults` counts calls that failed and might not have elsewhere."""

    account: str
    asked: int = 0
    faults: int = 0
    first_tokens_ms: list[float] = field(default_factory=list)

    @property
    def first_token_s(self) -> float:
        return round(fmean(self.first_tokens_ms) / 1000, 2)

    @property
    def link(self) -> str:
        where = reverse("admin:gateway_requestrecord_changelist")
        return f"{where}?q={self.account}"


def panel(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("gateway.view_requestrecord"):
        return None
    records = RequestRecord.objects.order_by("-started_at", "-id")
    lines = lines_of(records.values_list(*COLUMNS)[:LATEST])
    if not lines:
        return None
    failing = [line for line in lines if line.faults]
    failing.sort(key=lambda line: (-line.faults, -line.asked))
    slow = [line for line in lines if line.first_tokens_ms]
    slow.sort(key=lambda line: -line.first_token_s)
    context = {"latest": LATEST, "failing": failing[:SHOWN], "slow": slow[:SHOWN]}
    return Panel("console/overview/troubled.html", context, name="troubled")


def lines_of(records: Iterable[tuple[str, Attempts, float | None]]) -> list[Line]:
    lines: dict[str, Line] = {}
    for served_by, attempts, first_token_ms in records:
        for attempt in attempts:
            account = str(attempt["account"])
            line = lines.setdefault(account, Line(account))
            line.asked += 1
            line.faults += attempt["reason"] not in NO_FAULT
        if served_by in lines and first_token_ms is not None:
            lines[served_by].first_tokens_ms.append(first_token_ms)
    return list(lines.values())
