"""`manage.py import_grok2api SOURCE`: accounts, settings and media of grok2api 2.x."""

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.grok2api import Conflict
from grokgateway import grok2api

REJECTED = 1
USAGE = 2
PARTS = ("accounts", "settings", "media")


class Command(BaseCommand):
    help = (
        "Take over a grok2api 2.x installation, or the successor's export. SOURCE is a "
        "data directory, an accounts.db, a database or Redis address, a config.toml, "
        "or a list of tokens. It is only read. Exit code 0: all taken over; 1: some "
        "of it was rejected; 2: the source cannot be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="SOURCE")
        parser.add_argument("--accounts", action="store_true", help="only these")
        parser.add_argument(
            "--config", dest="settings_part", action="store_true", help="only these"
        )
        parser.add_argument("--media", action="store_true", help="only these")
        parser.add_argument(
            "--dry-run", action="store_true", help="count, and change nothing"
        )
        parser.add_argument(
            "--on-conflict",
            choices=[choice.value for choice in Conflict],
            default=Conflict.SKIP.value,
            help="what to do with accounts that are here already (default: skip)",
        )
        parser.add_argument(
            "--include-deleted",
            action="store_true",
            help="also accounts deleted there; they stay deleted here",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        chosen = {
            "accounts": options["accounts"],
            "settings": options["settings_part"],
            "media": options["media"],
        }
        every = not any(chosen.values())
        wanted = grok2api.Wanted(
            **{part: every or chosen[part] for part in PARTS},
            dry_run=options["dry_run"],
            on_conflict=Conflict(options["on_conflict"]),
            include_deleted=options["include_deleted"],
            root=settings.BASE_DIR,
            files=settings.DATA_DIR / "files",
        )
        try:
            summary = grok2api.take_over(options["source"], wanted)
        except grok2api.Unreadable as exc:
            raise CommandError(str(exc), returncode=USAGE) from exc
        self.report(summary, options)
        if summary.rejected:
            raise CommandError(f"{len(summary.rejected)} rejected", returncode=REJECTED)

    # Any: as in handle
    def report(self, summary: grok2api.Summary, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(asdict(summary), indent=2))
            return
        dry = " (dry run, nothing was changed)" if options["dry_run"] else ""
        self.stdout.write(f"From a {summary.source}{dry}:")
        for part in PARTS:
            counts: dict[str, int] = getattr(summary, part)
            if counts:
                told = ", ".join(f"{count} {name}" for name, count in counts.items())
                self.stdout.write(f"  {part}: {told.replace('_', ' ')}")
        for line in summary.warnings:
            self.stdout.write(f"  note: {line}")
        for refused in summary.rejected:
            self.stdout.write(
                f"  rejected: {refused.place} {refused.masked}".rstrip()
                + f": {refused.reason}"
            )
