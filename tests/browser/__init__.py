"""The console in a real browser, over a real gateway."""

NAME, PASSWORD = "operator", "a long password for tests"
