"""Panels: how requests went in a period, and with which models."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from gateway import tallies
from gateway.tallies import Period, Report, Total
from grokgateway.console.overview import charts
from grokgateway.console.panels import Panel

WIDTH, HEIGHT = 720.0, 120.0
PARAMETER = "period"
LABELS = {
    Period.HOUR: _("Last hour"),
    Period.DAY: _("24 hours"),
    Period.WEEK: _("7 days"),
    Period.MONTH: _("30 days"),
}
SERIES = (
    ("good", "succeeded", _("answered")),
    ("wait", "limited", _("limited")),
    ("bad", "failed", _("failed")),
    ("idle", "refused", _("refused")),
    ("off", "gone", _("client left")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table twin: a step or a model with its figures."""

    name: str
    total: Total

    @property
    def counts(self) -> list[int]:
        return [count_of(self.total, name) for _kind, name, _label in SERIES]

    @property
    def success(self) -> int | None:
        share = self.total.success
        return None if share is None else round(share * 100)

    @property
    def half_s(self) -> float | None:
        return seconds(self.total.first_token_ms(0.5))

    @property
    def most_s(self) -> float | None:
        return seconds(self.total.first_token_ms(0.95))

    @property
    def tokens_in(self) -> int:
        return self.total["prompt_tokens"]

    @property
    def tokens_out(self) -> int:
        return self.total["completion_tokens"]

    @property
    def requests(self) -> int:
        return self.total["requests"]


def panel(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("gateway.view_requestrecord"):
        return None
    period = period_of(request)
    report = tallies.report(period, datetime.now(UTC))
    steps = [Row(label_of(at, period), total) for at, total in report.steps]
    context = {
        "periods": [(one.label, label, one is period) for one, label in LABELS.items()],
        "series": [(kind, label) for kind, _name, label in SERIES],
        "whole": Row("", report.total),
        "bars": bars_of(steps),
        "width": WIDTH,
        "height": HEIGHT,
        "steps": [step for step in reversed(steps) if step.requests],
        "models": models_of(report),
    }
    return Panel("console/overview/traffic.html", context, name="traffic")


def period_of(request: HttpRequest) -> Period:
    wanted = request.GET.get(PARAMETER, "")
    return next((one for one in Period if one.label == wanted), Period.DAY)


def models_of(report: Report) -> list[Row]:
    return [Row(name, total) for name, total in report.models]


def bars_of(steps: list[Row]) -> list[charts.Bar]:
    series = [
        (f"{step.name}: {step.requests}", list(zip(KINDS, step.counts, strict=True)))
        for step in steps
    ]
    return charts.columns(series, WIDTH, HEIGHT)


KINDS = tuple(kind for kind, _name, _label in SERIES)


def count_of(total: Total, name: str) -> int:
    return total.succeeded if name == "succeeded" else total[name]


def label_of(at: datetime, period: Period) -> str:
    local = timezone.localtime(at)
    if period in {Period.HOUR, Period.DAY}:
        return date_format(local, "H:i")
    pattern = "MONTH_DAY_FORMAT"
    day = date_format(local, pattern)
    return day if period is Period.MONTH else f"{day} {date_format(local, 'H:i')}"


def seconds(took_ms: float | None) -> float | None:
    return None if took_ms is None else round(took_ms / 1000, 2)
