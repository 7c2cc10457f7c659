"""`manage.py sandbox`: a local stand-in for grok.com, for trying out and for tests."""

import argparse

from django.core.management.base import BaseCommand, CommandParser

from gateway.sandbox import server


class Command(BaseCommand):
    help = "Run a local stand-in for the upstream service (docs/sandbox.md)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        server.add_arguments(parser)

    def handle(self, *args: object, **options: object) -> None:
        server.run(argparse.Namespace(**options))
