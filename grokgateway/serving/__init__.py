"""Runs the ASGI application under one of three servers, with one way to stop."""
