"""Fails if a tracked file holds what looks like a live credential."""

import re
import subprocess
import sys
from pathlib import Path

PATTERNS = (
    re.compile(rb"eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"),
    re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(rb"\bgk-[A-Za-z0-9_-]{43}"),
    re.compile(rb"\bsk-[A-Za-z0-9]{32,}\b"),
)


def findings(paths: list[str]) -> list[str]:
    return [
        path
        for path in paths
        if Path(path).is_file()
        and any(pattern.search(Path(path).read_bytes()) for pattern in PATTERNS)
    ]


def main() -> int:
    listing = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 - git is found where the developer has it
        capture_output=True,
        check=True,
        text=True,
    )
    found = findings(listing.stdout.splitlines())
    for path in found:
        sys.stderr.write(f"{path}: looks like a credential\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
