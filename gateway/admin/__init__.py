"""Console pages of the gateway; importing this package registers them."""

from gateway.admin import (
    accounts,
    alerts,
    captures,
    clearances,
    keys,
    nodes,
    records,
    routes,
)

__all__ = [
    "accounts",
    "alerts",
    "captures",
    "clearances",
    "keys",
    "nodes",
    "records",
    "routes",
]
