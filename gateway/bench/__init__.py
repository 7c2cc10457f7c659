"""Measures the gateway against its own sandbox, the sandbox alone beside it."""
