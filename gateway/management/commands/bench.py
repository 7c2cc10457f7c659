"""`manage.py bench`: the gateway against the sandbox, or beside another gateway."""

import json
import signal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.bench import dialects, report, runs, versus
from gateway.bench.stage import StageFailed
from gateway.bench.targets import Unusable

SERVERS = ("granian", "daphne", "uvicorn")


class Command(BaseCommand):
    help = (
        "Measure the gateway against its sandbox, and the sandbox alone beside it; or, "
        f"with --vs, beside another gateway, whose key is in {versus.THEIR_KEY}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--server", choices=[*SERVERS, "all"], default="granian")
        parser.add_argument("--rounds", type=int, default=5)
        parser.add_argument("--quick", action="store_true", help="short rounds")
        parser.add_argument("--accounts", type=int, default=1000)
        parser.add_argument("--scenario", choices=runs.names(), default="")
        parser.add_argument(
            "--database", default="", metavar="URL", help="an empty one, for pools"
        )
        parser.add_argument(
            "--redis", default="", metavar="URL", help="an empty one, for pools"
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write figures")

        add_versus(parser)

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - Django's
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if options["vs"]:
            self.compare(options)
        else:
            self.measure(options)

    def compare(self, options: dict[str, Any]) -> None:  # Any: as Django hands them
        names = ("model", "ours", "our_model", "prompt", "sandbox_port", "requests")
        chosen = {name: options[name] for name in (*names, "at_once")}
        server = SERVERS[0] if options["server"] == "all" else options["server"]
        wanted = versus.Options(
            options["vs"], rounds=max(1, options["rounds"]), server=server, **chosen
        )
        try:
            results = versus.run(wanted, self.stderr.write)
        except (StageFailed, Unusable) as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(versus.table(results))
        if path := options["json"]:
            path.write_text(json.dumps(versus.as_json(results), indent=2) + "\n")

    def measure(self, options: dict[str, Any]) -> None:  # Any: as Django hands them
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


def add_versus(parser: CommandParser) -> None:
    parser.add_argument(
        "--vs",
        default="",
        metavar="URL",
        help=f"the other gateway's base URL; its key is read from {versus.THEIR_KEY}",
    )
    parser.add_argument(
        "--model", default=dialects.MODEL, help="with --vs: the other gateway's model"
    )
    parser.add_argument(
        "--ours",
        default="",
        metavar="URL",
        help="with --vs: a gateway of ours that runs already, its key in "
        f"{versus.OUR_KEY}; otherwise one is started over a sandbox",
    )
    parser.add_argument(
        "--our-model", default=dialects.MODEL, help="with --vs: our model"
    )
    parser.add_argument(
        "--sandbox-port",
        type=int,
        default=0,
        metavar="PORT",
        help="with --vs: where the sandbox listens, for the other gateway to use too",
    )
    parser.add_argument(
        "--prompt", default=versus.PROMPT, help="with --vs: what both are asked"
    )
    parser.add_argument(
        "--requests",
        type=count,
        default=100,
        help="with --vs: of each measurement, on each side",
    )
    parser.add_argument(
        "--at-once", type=count, default=8, help="with --vs: requests under way"
    )


def count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("at least 1")
    return number
