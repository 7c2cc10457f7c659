"""`manage.py drift`: what upstream sends that this gateway does not know."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from gateway.drift_tables import Drift


class Command(BaseCommand):
    help = (
        "List frames and fields of upstream that are unknown here, with a sample of "
        "each in which texts and numbers are replaced."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--export", metavar="DIR", help="write each sample there, as the decoder's"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        rows = list(Drift.objects.all())
        if options["json"]:
            self.stdout.write(json.dumps([told(row) for row in rows], indent=2))
        else:
            for row in rows:
                self.stdout.write(
                    f"{row.kind} {row.name}: {row.percent:g} % of answers, "
                    f"{len(row.witnesses)} accounts, "
                    f"since {row.first_at:%Y-%m-%d %H:%M}"
                )
                self.stdout.write(f"  {row.sample}")
            if not rows:
                self.stdout.write("Nothing unknown was seen.")
        if options["export"]:
            export(rows, Path(options["export"]))


def told(row: Drift) -> dict[str, object]:
    return {
        "kind": row.kind,
        "name": row.name,
        "percent": row.percent,
        "accounts": len(row.witnesses),
        "first_at": row.first_at.isoformat(),
        "last_at": row.last_at.isoformat(),
        "sample": json.loads(row.sample),
    }


def export(rows: list[Drift], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        name = f"drift_{row.kind}_{row.name}".replace(":", "_").replace(".", "_")
        (folder / f"{name}.sse").write_text(row.sample + "\n")
