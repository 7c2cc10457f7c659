"""`manage.py bench`: measures this machine's gateway against the sandbox."""

import json
import signal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.bench import report, runs
from gateway.bench.stage import StageFailed

SERVERS = ("granian", "daphne", "uvicorn")


class Command(BaseCommand):
    help = "Measure the gateway against its sandbox, and the sandbox alone beside it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--server", choices=[*SERVERS, "all"], default="granian")
        parser.add_argument("--rounds", type=int, default=5)
        parser.add_argument("--quick", action="store_true", help="short rounds")
        parser.add_argument("--accounts", type=int, default=1000)
        parser.add_argument("--scenario", choices=runs.names(), default="")
        parser.add_argument(
            "--database", default="", metavar="URL", help="an empty one, for `shared`"
        )
        parser.add_argument(
            "--redis", default="", metavar="URL", help="an empty one, for `shared`"
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write figures")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - Django's
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        chosen = options["server"]
        given = {
            "DATABASE_URL": options["database"],
            "REDIS_URL": options["redis"],
        }
        wanted = runs.Options(
            servers=SERVERS if chosen == "all" else (chosen,),
            rounds=max(1, options["rounds"]),
            quick=options["quick"],
            accounts=options["accounts"],
            scenario=options["scenario"],
            store={name: url for name, url in given.items() if url},
        )
        try:
            results = runs.run(wanted, self.stderr.write)
        except StageFailed as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(report.table(results))
        if path := options["json"]:
            path.write_text(json.dumps(report.as_json(results), indent=2) + "\n")
