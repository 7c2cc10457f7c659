"""Named API keys: what they may do, what they have used, and their rows."""
