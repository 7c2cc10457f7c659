"""Names of `/metrics`, read from the places in the code that declare them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from grokgateway.reference.tables import code, document, table

ABOUT = (
    "`GET /metrics` gives Prometheus' text form to `admin.metrics_token` as bearer "
    "token, to the console key, and to whoever is signed in and may see proxy "
    "nodes. Sums are those of all processes. Counters end in `_total`. Labels and "
    "scraping: [metrics](../metrics.md)."
)
TYPES = {
    "CounterMetricFamily": "counter",
    "GaugeMetricFamily": "gauge",
    "HistogramMetricFamily": "histogram",
    "SummaryMetricFamily": "summary",
}
SOURCES = ("gateway", "grokgateway")


def page(root: Path) -> str:
    rows = sorted(found(root))
    return document("Metrics", ABOUT, table(("Name", "Type", "Meaning"), rows))


def found(root: Path) -> Iterator[tuple[str, str, str]]:
    for source in SOURCES:
        for path in sorted((root / source).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if "MetricFamily(" in text:
                yield from declared(ast.parse(text))


def declared(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        kind = TYPES.get(node.func.id)
        if kind is None:
            continue
        match node.args:
            case [ast.Constant(str(name)), ast.Constant(str(about)), *_]:
                suffix = "_total" if kind == "counter" else ""
                yield code(name + suffix), kind, about
