"""The REST API of operators and their scripts, under /admin/api (accounts.md 9)."""
