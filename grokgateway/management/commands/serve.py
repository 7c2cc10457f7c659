"""`manage.py serve`: the gateway in production, under the server of choice."""

import argparse
import json
import os
import socket
import sys
from dataclasses import asdict
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from grokgateway import replica
from grokgateway.serving import granian_server, sockets, welcome
from grokgateway.serving.plan import Plan
from grokgateway.serving.supervision import Supervisor

SERVERS = ("granian", "daphne", "uvicorn")


class Command(BaseCommand):
    help = "Serve the gateway until SIGTERM; open streams finish first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.SERVER_HOST)
        parser.add_argument("--port", type=int, default=settings.SERVER_PORT)
        parser.add_argument("--workers", type=int, default=settings.SERVER_WORKERS)
        parser.add_argument("--server", choices=SERVERS, default="granian")
        parser.add_argument(
            "--drain",
            type=int,
            default=60,
            metavar="SECONDS",
            help="how long open streams may go on after SIGTERM (default 60)",
        )
        parser.add_argument(
            "--no-jobs", action="store_true", help="leave jobs to `manage.py worker`"
        )
        parser.add_argument("--json", action="store_true", help="print JSON lines")
        parser.add_argument(
            "--app",
            default="grokgateway.asgi:application",
            metavar="MODULE:NAME",
            help=argparse.SUPPRESS,
        )

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - Django's
        refuse_unapplied_migrations()
        replica.join()
        if options["workers"] < 1:
            raise CommandError("--workers must be at least 1")
        try:
            listener = sockets.listen(options["host"], options["port"])
        except OSError as exc:
            raise CommandError(
                f"Cannot listen on {options['host']}:{options['port']}: {exc.strerror}"
            ) from exc
        plan = Plan(
            server=options["server"],
            app=options["app"],
            host=options["host"],
            port=sockets.port_of(listener),
            workers=options["workers"],
            drain_s=options["drain"],
            embedded_jobs=getattr(settings, "EMBEDDED_JOBS", True)
            and not options["no_jobs"],
            parent_pid=os.getpid(),
        )
        if settings.AUTO_IMPORT and welcome.empty():
            self.take_over()
        hint = welcome.hint(plan.url, settings.DATA_DIR)
        connections.close_all()
        announce = partial(self.announce, plan, hint, as_json=options["json"])
        if code := run(plan, listener, announce):
            sys.exit(code)

    def take_over(self) -> None:
        """What is rejected of an old installation must not keep the gateway down."""
        if welcome.old_installation(settings.DATA_DIR):
            try:
                call_command("import_grok2api", str(settings.DATA_DIR))
            except CommandError as exc:
                self.stderr.write(f"import_grok2api: {exc}")

    def announce(self, plan: Plan, hint: str, *, as_json: bool) -> None:
        line = f"Listening on {plan.url}"
        if as_json:
            line = json.dumps({"event": "listening", "url": plan.url, **asdict(plan)})
        self.stdout.write(line)
        self.stdout.flush()
        if hint:
            self.stderr.write(hint)


def refuse_unapplied_migrations() -> None:
    executor = MigrationExecutor(connections["default"])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(f"{m.app_label}.{m.name}" for m, _ in missing[:3])
        raise CommandError(
            f"{len(missing)} migrations are not applied ({names}, ...).\n"
            "Apply them first: python manage.py migrate"
        )


def run(plan: Plan, listener: socket.socket, announce: partial[None]) -> int:
    if plan.server == "granian":
        listener.close()  # granian opens its own, one per worker on one port
        return granian_server.run(plan, announce)
    return Supervisor(plan, listener, announce).run()
