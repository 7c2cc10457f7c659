"""The opaque parts of answers: small, and what comes back of them is never read."""

from grokgateway import crypto


def reasoning(text: str) -> str:
    """In place of the reasoning that a caller wants to carry along."""
    return crypto.ring().fingerprint(text, purpose="reasoning")


def thinking(digest: str) -> str:
    """The signature of thoughts."""
    return crypto.ring().fingerprint(digest, purpose="thinking")
