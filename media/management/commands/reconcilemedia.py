"""Compare the media folders with the index now, and mend the index."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from media.models import Kind
from media.reconcile import foreseen, reconcile
from media.shelves import shelf


class Command(BaseCommand):
    help = (
        "Index files that were put into the media folders, drop rows whose file is "
        "lost, remove old .part files, recount. Exit code 0: done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only tell what would change"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        dry_run: bool = options["dry_run"]
        look = foreseen if dry_run else reconcile
        done = [look(shelf(kind)) for kind in Kind]
        if options["json"]:
            shown = {"dry_run": dry_run, "kinds": [asdict(one) for one in done]}
            self.stdout.write(json.dumps(shown))
            return
        for one in done:
            self.stdout.write(
                f"{one.kind}: {one.adopted} {'to take' if dry_run else 'taken'} in, "
                f"{one.lost} lost, {one.parts} unfinished "
                f"{'to remove' if dry_run else 'removed'}; "
                f"{one.files} files, {one.size} bytes"
            )
