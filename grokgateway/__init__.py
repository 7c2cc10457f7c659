"""Grok Gateway."""

__version__ = "0.9.0"
