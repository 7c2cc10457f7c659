"""Fails if a tracked file holds what looks like a live credential.

By form alone: guesses by entropy or by names of variables find our made-up samples.
"""

import re
import subprocess
import sys
from pathlib import Path

FORMS = {
    "JSON web token": r"eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "key of this gateway": r"\bgk-[A-Za-z0-9_-]{43}",
    "OpenAI": r"\bsk-[A-Za-z0-9]{32,}\b|\bsk-(?:proj|svcacct)-[A-Za-z0-9_-]{40,}",
    "Anthropic": r"\bsk-ant-[a-z]+\d\d-[A-Za-z0-9_-]{60,}",
    "xAI": r"\bxai-[A-Za-z0-9]{60,}",
    "AWS": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "Google": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{60,}",
    "GitLab": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "Slack": r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}|hooks\.slack\.com/services/T[A-Z0-9]+/",
    "Stripe": r"\b[rs]k_live_[A-Za-z0-9]{20,}",
    "PyPI": r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
    "npm": r"\bnpm_[A-Za-z0-9]{36}\b",
    "Telegram": r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b",
    "Cloudflare clearance": r"cf_clearance=[A-Za-z0-9_.-]{60,}-\d{10}-",
}
PATTERNS = {name: re.compile(form.encode()) for name, form in FORMS.items()}


def found_in(data: bytes) -> list[str]:
    return [name for name, pattern in PATTERNS.items() if pattern.search(data)]


def findings(paths: list[str]) -> list[str]:
    return [
        f"{path}: looks like a credential ({name})"
        for path in paths
        if Path(path).is_file()
        for name in found_in(Path(path).read_bytes())
    ]


def main() -> int:
    listing = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 - git is found where the developer has it
        capture_output=True,
        check=True,
        text=True,
    )
    found = findings(listing.stdout.splitlines())
    sys.stderr.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
