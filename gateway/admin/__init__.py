"""Console pages of the gateway; importing this package registers them."""

from gateway.admin import alerts, keys, records, routes

__all__ = ["alerts", "keys", "records", "routes"]
