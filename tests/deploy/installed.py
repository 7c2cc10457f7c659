"""Tools of the system that check what we ship for others."""

import os
import shutil

import pytest


def needed(name: str) -> str:
    """Its path; skips where it is not installed, which in CI is a failure."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        message = f"{name} is not installed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
