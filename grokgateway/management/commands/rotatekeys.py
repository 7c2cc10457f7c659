"""Seal everything stored with the first of the credential keys."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from grokgateway import rotation


class Command(BaseCommand):
    help = (
        "Put a new key in front of CREDENTIAL_KEYS (or of the file credential_keys), "
        "restart every process, then run this: what is stored is sealed anew with the "
        "first key. Afterwards the keys between the first and the last one may go; the "
        "last one stays, because ids are made with it. It may run beside the gateway "
        "and be repeated. Exit code 0: done; 1: some texts no key can read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only count what would be done"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        dry_run: bool = options["dry_run"]
        done = []
        for tally in rotation.rotate(dry_run=dry_run):
            done.append(tally)
            if not options["json"]:
                self.stdout.write(words(tally, dry_run=dry_run))
        if options["json"]:
            shown = {"dry_run": dry_run, "kinds": [asdict(one) for one in done]}
            self.stdout.write(json.dumps(shown))
        if lost := sum(tally.unreadable for tally in done):
            raise CommandError(f"{lost} texts are readable by no key.", returncode=1)


def words(tally: rotation.Tally, *, dry_run: bool) -> str:
    verb = "would be sealed anew" if dry_run else "sealed anew"
    told = f"{tally.kind}: {tally.resealed} {verb}, {tally.current} were already"
    if tally.changed_meanwhile:
        told += f", {tally.changed_meanwhile} changed meanwhile (run it again)"
    if tally.unreadable:
        told += f", {tally.unreadable} unreadable"
    return told
