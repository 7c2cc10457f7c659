"""Compare the media folders with the index now, and mend the index."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from media.models import Kind
from media.reconcile import reconcile
from media.shelves import shelf


class Command(BaseCommand):
    help = (
        "Index files that were put into the media folders, drop rows whose file is "
        "lost, remove old .part files, recount. Exit code 0: done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        done = [reconcile(shelf(kind)) for kind in Kind]
        if options["json"]:
            self.stdout.write(json.dumps({"kinds": [asdict(one) for one in done]}))
            return
        for one in done:
            self.stdout.write(
                f"{one.kind}: {one.adopted} taken in, {one.lost} lost, "
                f"{one.parts} unfinished removed; {one.files} files, {one.size} bytes"
            )
