"""Who of several processes may spend what of an account (docs/decisions/0005)."""
