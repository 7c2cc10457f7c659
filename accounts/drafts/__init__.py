"""Imports that people look at first: kept sealed, done by a job, then forgotten."""
