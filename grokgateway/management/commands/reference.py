"""`manage.py reference`: the pages of the documentation that code writes."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from grokgateway.reference import drawn


class Command(BaseCommand):
    help = "Write the reference pages of the documentation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", type=Path, default=Path("docs/reference"))

    def handle(self, *, write: Path, **options: object) -> None:
        write.mkdir(parents=True, exist_ok=True)
        for name, text in drawn(settings.BASE_DIR).items():
            (write / name).write_text(text, encoding="utf-8")
            self.stdout.write(str(write / name))
