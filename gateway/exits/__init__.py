"""The rows behind the ways out: kept, shared, solved, probed (see `gateway.egress`)."""
