"""Export accounts; tokens only when asked for by name."""

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import exporting, selectors
from accounts.models import Pool, Status

logger = logging.getLogger(__name__)
USAGE = 2


class Command(BaseCommand):
    help = (
        "Export accounts that are not deleted. Without --secrets tokens are masked. "
        "Exit code 0: done; 1: some tokens could not be decrypted; 2: wrong usage."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--format", choices=[*exporting.WRITERS], default=exporting.POOLS
        )
        parser.add_argument("--json", action="store_true", help="same as --format json")
        parser.add_argument("--pool", choices=Pool.values)
        parser.add_argument("--status", choices=Status.values)
        parser.add_argument(
            "--secrets", action="store_true", help="with tokens in clear"
        )

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        form = exporting.POOLS if options["json"] else options["format"]
        if form == exporting.CSV and options["secrets"]:
            raise CommandError("CSV never holds tokens.", returncode=USAGE)
        accounts = selectors.live(
            [options["pool"]] if options["pool"] else [],
            [options["status"]] if options["status"] else [],
        )
        export = exporting.Export(accounts, form, options["secrets"])
        for piece in export.pieces():
            self.stdout.write(piece, ending="")
        if options["secrets"]:
            logger.warning(
                "Exported the tokens of %d accounts in clear", export.written
            )
        if export.lost:
            raise CommandError(
                f"{export.lost} accounts left out: no key decrypts them", returncode=1
            )
