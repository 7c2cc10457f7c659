"""Captures: what a failed request said and heard, covered, to be gone through again."""
