"""`manage.py demo`: sandbox and gateway with sample accounts, and one streamed chat."""

import logging
import signal
import sys
import tempfile
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from openai import OpenAI

from gateway.bench.stage import Stage, StageFailed, manage, staged

ACCOUNTS = {
    "basic": [f"sandbox-basic-{number:04d}" for number in range(1, 4)],
    "super": [f"sandbox-super-{number:04d}" for number in range(1, 4)],
    "heavy": [f"sandbox-heavy-{number:04d}" for number in range(1, 3)],
}
CONSOLE_USER = "admin"
MODEL = "grok-4.20-auto"
PROMPT = "Good morning! Please explain the tides in two sentences. [[delay_ms=60]]"


class Command(BaseCommand):
    help = "Try the gateway with a stand-in upstream; nothing leaves this machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--server", default="daphne")
        parser.add_argument("--port", type=int, default=0, help="0: any free port")
        parser.add_argument("--once", action="store_true", help="end after the reply")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - Django's
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        logging.disable(logging.INFO)  # the SDK's own lines would cut the reply
        try:
            with tempfile.TemporaryDirectory(prefix="grokgateway-demo-") as folder:
                self.show(Path(folder), options)
        except StageFailed as exc:
            raise CommandError(str(exc)) from exc
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")

    def show(self, folder: Path, options: dict[str, Any]) -> None:  # Django's options
        self.stdout.write("Starting the sandbox and the gateway ...")
        with staged(
            folder, server=options["server"], accounts=ACCOUNTS, port=options["port"]
        ) as stage:
            self.chat(stage)
            self.addresses(stage, console_user(stage))
            if not options["once"]:
                self.stdout.write("Running until Ctrl-C.")
                self.stdout.flush()
                signal.pause()

    def chat(self, stage: Stage) -> None:
        """One streamed chat as a user would send it, printed as it arrives."""
        client = OpenAI(api_key=stage.key, base_url=base_url(stage))
        self.stdout.write(f"\n{MODEL} says, through the OpenAI SDK:\n")
        stream = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": PROMPT}], stream=True
        )
        length = 0
        for chunk in stream:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                length += len(text)
                sys.stdout.write(text)
                sys.stdout.flush()
        self.stdout.write("\n")
        if not length:
            raise CommandError("The reply was empty.")

    def addresses(self, stage: Stage, password: str) -> None:
        total = sum(len(tokens) for tokens in ACCOUNTS.values())
        origin = base_url(stage).removesuffix("/v1")
        self.stdout.write(
            f"API      {base_url(stage)}\n"
            f"         key {stage.key}\n"
            f"Console  {origin}/admin\n"
            f"         user {CONSOLE_USER}, password {password}\n"
            f"Sandbox  http://127.0.0.1:{stage.sandbox_port}\n"
            f"         {total} sample accounts of all three tiers\n"
        )


def console_user(stage: Stage) -> str:
    """Make a superuser for this demo only; returns its password."""
    password = token_urlsafe(9)
    manage(
        {**stage.env, "DJANGO_SUPERUSER_PASSWORD": password},
        *("createsuperuser", "--noinput", "--username", CONSOLE_USER),
        *("--email", "admin@example.org"),
    )
    return password


def base_url(stage: Stage) -> str:
    return f"http://127.0.0.1:{stage.gateway_port}/v1"
