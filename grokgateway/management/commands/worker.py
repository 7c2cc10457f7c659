"""`manage.py worker`: works jobs off in a process of its own, without serving."""

import asyncio
import json
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from grokgateway import replica
from grokgateway.application import Application
from grokgateway.management.commands.serve import refuse_unapplied_migrations


class Command(BaseCommand):
    help = "Work off batches, videos and upkeep until SIGTERM, beside any `serve`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON lines")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - Django's
        refuse_unapplied_migrations()
        replica.join()
        connections.close_all()
        asyncio.run(self.work(as_json=options["json"]))

    async def work(self, *, as_json: bool) -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for told in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(told, stopping.set)
        sync_s = settings.ACCOUNT_SYNC_ACTIVE_INTERVAL
        application = Application(nothing, nothing, sync_s=sync_s)
        await application.begin()
        self.stdout.write(json.dumps({"event": "working"}) if as_json else "Working")
        self.stdout.flush()
        await stopping.wait()
        await application.aclose()


async def nothing(_scope: object, _receive: object, _send: object) -> None:
    """No request ever comes."""
