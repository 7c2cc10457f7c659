"""`manage.py explain --model M`: who would serve a request now, and why not others."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway import explaining
from gateway.errors import GatewayError

USAGE = 2
NOT_SERVED = 1


class Command(BaseCommand):
    help = (
        "Explain what would happen to a request for a model now. Exit code 0: it would "
        "be served; 1: it would be refused; 2: there is no such model."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--model", required=True)
        parser.add_argument(
            "--key", default="", help="ask as this named key: its name or public id"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        try:
            told = explaining.explain(options["model"], options["key"])
        except explaining.UnknownKey as error:
            raise CommandError("There is no such key.", returncode=USAGE) from error
        except GatewayError as error:
            raise CommandError(error.message, returncode=USAGE) from error
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=2))
        else:
            self.tell(told)
        answer = told["answer"]
        if isinstance(answer, dict) and answer["status"] != "served":
            raise CommandError("It would be refused.", returncode=NOT_SERVED)

    # Any: the explanation's own JSON
    def tell(self, told: dict[str, Any]) -> None:
        answer = told["answer"]
        self.stdout.write(f"{told['model']}: {answer['status']}")
        for name, value in answer.items():
            if name != "status":
                self.stdout.write(f"  {name}: {value}")
        self.stdout.write("Tried in this order:")
        for shelf in told["shelves"]:
            states = ", ".join(f"{n} {state}" for state, n in shelf["accounts"].items())
            self.stdout.write(
                f"  {shelf['mode']} in {shelf['pool']}: {states or 'no accounts'}; "
                f"{shelf['units_left']} requests left"
                + (f"; next {shelf['next_recovery']}" if shelf["next_recovery"] else "")
            )
        dry = told["runs_dry_in_s"]
        rate = told["requests_last_hour"]
        self.stdout.write(
            f"{told['units_left']} requests left, {rate} in the last hour."
        )
        if dry is not None:
            self.stdout.write(f"At that rate they last {dry // 60} minutes.")
