"""`manage.py replay FILE`: what a captured request decodes and encodes to, here."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from gateway.captures import document, telling
from gateway.captures.document import MOST_BYTES, Capture, Unreadable
from gateway.captures.encoding import PLAIN
from gateway.captures.replay import Played, play

SAME, DIFFERS, UNREADABLE = 0, 1, 2


class Command(BaseCommand):
    help = (
        "Go through a captured request again, with the decoder and encoder of this "
        "version, and compare what it gives with the capture. Exit 0: the same bytes; "
        "1: others; 2: the file cannot be read, or is of a newer version."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file that was downloaded")
        parser.add_argument(
            "--show", action="store_true", help="print every step, events and bytes"
        )

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        try:
            capture = document.loaded(contents(Path(options["file"])))
        except Unreadable as fault:
            self.stderr.write(str(fault))
            sys.exit(UNREADABLE)
        played = play(capture.tape, PLAIN, capture.request_id)
        for line in telling.summary(capture, played):
            self.stdout.write(line)
        if options["show"]:
            for line in telling.stages(played):
                self.stdout.write(line)
        sys.exit(self.verdict(capture, played))

    def verdict(self, capture: Capture, played: Played) -> int:
        told = telling.difference(capture, played)
        self.stdout.write(told or "The same bytes.")
        return DIFFERS if told else SAME


def contents(path: Path) -> bytes:
    """Raises Unreadable."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable("This is too large for a capture.")
        return path.read_bytes()
    except OSError as exc:
        raise Unreadable(f"The file cannot be read: {exc.strerror}.") from exc
