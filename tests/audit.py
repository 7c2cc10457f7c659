"""Asks where packages come from whether the pinned ones have known holes.

Exit code 0: asked, and none is known. 1: some are. 2: nobody could be asked, which
--if-reachable tolerates and tells.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.house import ROOT

LIMIT_S = 300
WHOLE = ("dev", "impersonate", "docs")
NO_CONNECTION = re.compile(
    r"(Proxy|Connection|SSL)Error|(Connect|Read)Timeout|timed out|Could not connect"
)
MANIFEST = ROOT / "static/vendor/manifest.json"
Json = Mapping[str, Any]  # what the tools print


@dataclass
class Verdict:
    holes: list[str] = field(default_factory=list)
    asked: int = 0
    unanswered: list[str] = field(default_factory=list)

    def code(self, *, tolerant: bool) -> int:
        if self.holes:
            return 1
        return 2 if self.unanswered and not tolerant else 0

    def lines(self) -> list[str]:
        told = [f"{hole}" for hole in self.holes]
        told.append(
            f"{self.asked} packages asked about, {len(self.holes)} holes known."
        )
        if self.unanswered:
            names = ", ".join(self.unanswered[:5])
            more = " ..." if len(self.unanswered) > 5 else ""
            told.append(
                f"NOT AUDITED, the index tells nothing of known holes: "
                f"{len(self.unanswered)} ({names}{more})"
            )
        return told


class Unreachable(Exception):
    """The index does not answer at all."""


def of_pip(report: Json, verdict: Verdict) -> None:
    for one in report["dependencies"]:
        if "skip_reason" in one:
            verdict.unanswered.append(one["name"])
            continue
        verdict.asked += 1
        for hole in one["vulns"]:
            fixed = ", ".join(hole["fix_versions"]) or "nothing yet"
            verdict.holes.append(
                f"{one['name']} {one['version']}: {hole['id']}, fixed in {fixed}"
            )


def of_npm(report: Json, names: Sequence[str], verdict: Verdict) -> None:
    if "vulnerabilities" not in report:
        verdict.unanswered.extend(names)
        return
    verdict.asked += len(names)
    for name, hole in report["vulnerabilities"].items():
        verdict.holes.append(f"{name}: {hole['severity']}")


def ask_pip(requirements: str) -> Json:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--requirement", requirements),
            *("--disable-pip", "--require-hashes", "--vulnerability-service", "pypi"),
            *("--format", "json", "--progress-spinner", "off"),
        ],
        cwd=ROOT / "requirements",
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if not done.stdout:
        raise failed(done.stderr)
    report: Json = json.loads(done.stdout)
    return report


def failed(stderr: str) -> Exception:
    """Told apart from a fault of the tool, which is never tolerated."""
    last = stderr.strip().rpartition("\n")[2]
    return Unreachable(last) if NO_CONNECTION.search(last) else RuntimeError(stderr)


def ask_npm(wanted: Mapping[str, str], npm: str) -> Json:
    with tempfile.TemporaryDirectory() as folder:
        package = {"name": "vendor", "version": "0.0.0", "dependencies": wanted}
        Path(folder, "package.json").write_text(json.dumps(package))
        install = [
            npm,
            "install",
            "--package-lock-only",
            "--ignore-scripts",
            "--silent",
        ]
        subprocess.run(install, cwd=folder, timeout=LIMIT_S, check=True)
        done = subprocess.run(
            [npm, "audit", "--json"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    report: Json = json.loads(done.stdout or "{}")
    return report


def vendored() -> dict[str, str]:
    libraries = json.loads(MANIFEST.read_text(encoding="utf-8")).values()
    return {one["package"]: one["version"] for one in libraries}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", default=WHOLE)
    parser.add_argument("--if-reachable", action="store_true")
    parser.add_argument("--no-npm", action="store_true")
    chosen = parser.parse_args()
    verdict = Verdict()
    for name in chosen.files:
        try:
            of_pip(ask_pip(f"{name}.txt"), verdict)
        except Unreachable:
            verdict.unanswered.append(f"all of {name}.txt")
    if not chosen.no_npm:
        wanted, npm = vendored(), shutil.which("npm")
        of_npm(ask_npm(wanted, npm) if npm else {}, list(wanted), verdict)
    verdict.unanswered = sorted(set(verdict.unanswered))
    sys.stdout.write("\n".join(verdict.lines()) + "\n")
    return verdict.code(tolerant=chosen.if_reachable)


if __name__ == "__main__":
    sys.exit(main())
