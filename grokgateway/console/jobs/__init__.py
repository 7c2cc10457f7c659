"""Batch jobs for people: their list and pages, the tray, and progress over a socket."""
