"""`manage.py openapi`: the documents of the APIs, as files."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandParser

from gateway.admin_api.api import ADMIN_FILE, admin_text
from gateway.api import DOCUMENTS
from gateway.openapi import text


class Command(BaseCommand):
    help = "Write the OpenAPI documents of the public and the operators' API."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", type=Path, default=Path("docs/openapi"))

    def handle(self, *, write: Path, **options: object) -> None:
        write.mkdir(parents=True, exist_ok=True)
        for document in DOCUMENTS:
            target = write / document.file
            target.write_text(text(document), encoding="utf-8")
            self.stdout.write(f"{target}")
        target = write / ADMIN_FILE
        target.write_text(admin_text(), encoding="utf-8")
        self.stdout.write(f"{target}")
