"""Import accounts from a file or standard input."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import imports
from accounts.documents import AUTO, TAG_MAX_CHARS, Defaults, Parsed, decode, parse
from accounts.models import Pool
from accounts.tokens import clean_tags

USAGE = 2
COUNTS = ("added", "restored", "tagged", "unchanged", "deleted")


class Command(BaseCommand):
    help = (
        "Import accounts: one token or cookie line per line, or JSON. "
        "Exit code 0: all imported; 1: some lines were rejected; 2: wrong usage."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a file, or - for stdin")
        parser.add_argument(
            "--pool",
            choices=[AUTO, *Pool.values],
            default=AUTO,
            help="the pool of accounts whose document names none (default: auto)",
        )
        parser.add_argument("--tag", action="append", default=[], help="repeatable")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="take out the accounts of the named pools that the file lacks",
        )
        parser.add_argument(
            "--confirm",
            type=int,
            metavar="N",
            help="how many accounts --replace takes out",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        if any(len(tag) > TAG_MAX_CHARS for tag in options["tag"]):
            raise CommandError("A tag is too long.", returncode=USAGE)
        defaults = Defaults(options["pool"], clean_tags(options["tag"]))
        parsed = parse(read(options["file"]), defaults)
        if options["replace"]:
            missing = self.confirmed(parsed, options["confirm"], options["file"])
            report = imports.replace_pools(parsed, missing)
        else:
            report = imports.add(parsed)
        self.print_report(report, as_json=options["json"])
        if report.rejected:
            raise CommandError(f"{len(report.rejected)} rejected", returncode=1)

    def confirmed(self, parsed: Parsed, count: int | None, source: str) -> list[int]:
        """Return what will be taken out, once the operator has named its number."""
        try:
            missing = imports.missing_ids(parsed)
        except imports.UnclearPools as exc:
            raise CommandError(f"--replace: {exc}", returncode=USAGE) from exc
        if count is None and missing and source != "-" and sys.stdin.isatty():
            count = asked(len(missing))
        if count != len(missing) and (missing or count is not None):
            raise CommandError(
                f"--replace would take out {len(missing)} accounts; nothing was "
                f"changed. Repeat with --confirm {len(missing)} to do it.",
                returncode=USAGE,
            )
        return missing

    def print_report(self, report: imports.Report, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(asdict(report), ensure_ascii=False, indent=2))
            return
        for name in COUNTS:
            self.stdout.write(f"{name}: {getattr(report, name)}")
        self.stdout.write(f"rejected: {len(report.rejected)}")
        for line in report.rejected:
            self.stdout.write(f"  {line.place}: {line.reason} {line.masked}".rstrip())


def read(source: str) -> str:
    try:
        if source == "-":
            return decode(sys.stdin.buffer.read())
        return decode(Path(source).read_bytes())
    except OSError as exc:
        raise CommandError(
            f"Cannot read {source}: {exc.strerror}", returncode=USAGE
        ) from exc


def asked(count: int) -> int | None:
    answer = input(f"This takes out {count} accounts. Type the number to go on: ")
    return int(answer) if answer.strip().isdecimal() else None
