"""Make room now: ended files, the age limit, the caps, the free-disk floor."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from media.models import Kind
from media.pruning import prune
from media.shelves import shelf


class Command(BaseCommand):
    help = (
        "Remove kept media that has outlived its use, that exceeds a cap, or that "
        "keeps free disk space below cache.local.min_free_mb. Exit code 0: done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only tell what would go"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        dry_run: bool = options["dry_run"]
        done = [prune(shelf(kind), dry_run=dry_run) for kind in Kind]
        if options["json"]:
            shown = {"dry_run": dry_run, "kinds": [asdict(one) for one in done]}
            self.stdout.write(json.dumps(shown))
            return
        verb = "would go" if dry_run else "removed"
        for one in done:
            self.stdout.write(f"{one.kind}: {one.removed} {verb}, {one.size} bytes")
