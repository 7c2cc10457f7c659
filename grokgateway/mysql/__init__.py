"""Leaf: Django's MySQL backend with a limit on the connections of a process."""
