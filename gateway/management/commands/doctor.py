"""`manage.py doctor`: which layer is at fault, what was seen, and what to do."""

import asyncio
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from gateway.doctor import choosing, examining, records, wording
from gateway.doctor.asking import Asked, Unknown
from gateway.doctor.findings import Report
from gateway.doctor.wording import Json
from gateway.egress import home
from gateway.exits import store
from gateway.exits.solving import SharedSolver
from grokgateway import config

FAULT, USAGE = 1, 2
MARKS = {"ok": "ok", "note": "note", "skipped": "-", "failed": "FAULT"}
BY = "manage.py doctor"


class Command(BaseCommand):
    help = (
        "Examine the way to upstream step by step and stop at the layer that is at "
        "fault: each node that is in use, and the account that is likely to tell most. "
        "Spends no quota. Exit code 0: sound; 1: a fault was found; 2: no such node, "
        "account or model."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", default="", help="its id; by its own way")
        parser.add_argument("--node", default="", help="a proxy node, or direct")
        parser.add_argument("--model", default="", help="is its mode known, and left?")
        parser.add_argument(
            "--ask", action="store_true", help="ask a small question: spends one query"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        asked = Asked(
            node=options["node"],
            account=options["account"],
            model=options["model"],
            spend=options["ask"],
        )
        try:
            report = examined(asked)
        except Unknown as error:
            raise CommandError(str(error), returncode=USAGE) from error
        document = wording.told(report.stored())
        if options["json"]:
            self.stdout.write(json.dumps(document, indent=2))
        else:
            with override(wording.ENGLISH):
                self.tell(document)
        if not report.sound:
            raise CommandError("A fault was found.", returncode=FAULT)

    def tell(self, document: Json) -> None:
        for case in wording.cases_of(document):
            self.stdout.write(title(case))
            for finding in wording.findings_of(case):
                self.stdout.write(line(finding))
                if finding["state"] in {"failed", "note"} and finding["remedy"]:
                    self.stdout.write(f"         {'':27}{finding['remedy']}")
            self.stdout.write("")
        if document.get("alike"):
            self.stdout.write(str(wording.ALIKE))
        self.stdout.write(str(document["verdict"]))


def examined(asked: Asked) -> Report:
    """As a serving process would; it is kept for the console. Raises Unknown."""
    store.load()
    home.current().solver = SharedSolver()
    asked = choosing.settled(asked, config.current())
    report = asyncio.run(examining.examine(asked))
    row = records.open_one(asked, BY)
    records.close(row.public_id, report)
    return report


def title(case: Json) -> str:
    node = case["node"] or "no proxy"
    account = f", account {case['account']}" if case["account"] else ""
    model = f", model {case['model']}" if case["model"] else ""
    return f"{node}{account}{model}"


def line(finding: Json) -> str:
    mark = MARKS.get(str(finding["state"]), "")
    name = wording.check(finding)
    took = f" ({finding['ms']} ms)" if finding["ms"] else ""
    return f"  {mark:<6} {name:<27}{finding['seen']}{took}"
