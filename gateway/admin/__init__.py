"""Console pages of the gateway; importing this package registers them."""

from gateway.admin import keys, records, routes

__all__ = ["keys", "records", "routes"]
