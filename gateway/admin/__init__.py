"""Console pages of the gateway; importing this package registers them."""

from gateway.admin import alerts, clearances, keys, nodes, records, routes

__all__ = ["alerts", "clearances", "keys", "nodes", "records", "routes"]
