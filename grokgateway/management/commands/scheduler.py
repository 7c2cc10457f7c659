"""`manage.py scheduler`: sends word of work to all workers, and does none itself."""

import asyncio
import contextlib
import json
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from grokgateway.jobs import broker as brokers
from grokgateway.jobs import scheduling
from grokgateway.management.commands.serve import refuse_unapplied_migrations


class Command(BaseCommand):
    help = (
        "Tell workers over Redis that it is time to look for work, until SIGTERM. "
        "`serve` and `worker` do so too: whichever process holds the lease."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON lines")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - Django's
        if not settings.REDIS_URL:
            raise CommandError(
                "There is nobody to tell without REDIS_URL: each process that takes "
                "jobs looks for them by itself."
            )
        refuse_unapplied_migrations()
        connections.close_all()
        asyncio.run(self.schedule(as_json=options["json"]))

    async def schedule(self, *, as_json: bool) -> None:
        broker = brokers.current()
        scheduling.register(broker, {})
        leading = asyncio.create_task(scheduling.lead(broker))
        loop = asyncio.get_running_loop()
        for told in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(told, leading.cancel)
        word = "Scheduling"
        self.stdout.write(json.dumps({"event": word.lower()}) if as_json else word)
        self.stdout.flush()
        with contextlib.suppress(asyncio.CancelledError):
            await leading
        await broker.shutdown()
