"""Export accounts; tokens only when asked for by name."""

import csv
import io
import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import selectors
from accounts.credentials import masked, reveal
from accounts.models import Account, Pool, Status
from grokgateway import crypto

logger = logging.getLogger(__name__)
USAGE = 2
COLUMNS = (
    "public_id",
    "pool",
    "tier_source",
    "status",
    "state_reason",
    "use_count",
    "fail_count",
    "last_fail_reason",
)
TIMES = ("last_use_at", "last_fail_at", "cooling_until", "created_at", "updated_at")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Command(BaseCommand):
    help = (
        "Export accounts that are not deleted. Without --secrets tokens are masked. "
        "Exit code 0: done; 1: some tokens could not be decrypted; 2: wrong usage."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["json", "text", "csv"], default="json")
        parser.add_argument("--json", action="store_true", help="same as --format json")
        parser.add_argument("--pool", choices=Pool.values)
        parser.add_argument("--status", choices=Status.values)
        parser.add_argument(
            "--secrets", action="store_true", help="with tokens in clear"
        )

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        kind = "json" if options["json"] else options["format"]
        if kind == "csv" and options["secrets"]:
            raise CommandError("CSV never holds tokens.", returncode=USAGE)
        accounts = selectors.live(
            [options["pool"]] if options["pool"] else [],
            [options["status"]] if options["status"] else [],
        ).iterator(chunk_size=1000)
        if kind == "csv":
            self.stdout.write(csv_of(accounts), ending="")
            return
        shown, lost = with_tokens(accounts, reveal if options["secrets"] else masked)
        if options["secrets"]:
            logger.warning("Exported the tokens of %d accounts in clear", len(shown))
        self.stdout.write(RENDERERS[kind, options["secrets"]](shown))
        if lost:
            raise CommandError(
                f"{lost} accounts left out: no key decrypts them", returncode=1
            )


Shown = list[tuple[Account, str]]


def with_tokens(
    accounts: Iterable[Account], read: Callable[[Account], str]
) -> tuple[Shown, int]:
    """Pair accounts with their tokens, and count those that no key decrypts."""
    shown: Shown = []
    lost = 0
    for account in accounts:
        try:
            shown.append((account, read(account)))
        except crypto.Undecipherable:
            lost += 1
    return shown, lost


def importable_json(shown: Shown) -> str:
    """The form that `importaccounts` reads."""
    pools: dict[str, list[object]] = {}
    for account, token in shown:
        item = {"token": token, "tags": account.tags} if account.tags else token
        pools.setdefault(account.pool, []).append(item)
    return json.dumps(pools, ensure_ascii=False, indent=2)


def masked_json(shown: Shown) -> str:
    pools: dict[str, list[object]] = {}
    for account, mask in shown:
        item = {"id": account.public_id, "token": mask, "tags": account.tags}
        pools.setdefault(account.pool, []).append(item)
    return json.dumps(pools, ensure_ascii=False, indent=2)


def importable_text(shown: Shown) -> str:
    return "\n".join(token for _, token in shown)


def masked_text(shown: Shown) -> str:
    return "\n".join(f"{account.public_id} {mask}".rstrip() for account, mask in shown)


RENDERERS: dict[tuple[str, bool], Callable[[Shown], str]] = {
    ("json", True): importable_json,
    ("json", False): masked_json,
    ("text", True): importable_text,
    ("text", False): masked_text,
}


def csv_of(accounts: Iterable[Account]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*COLUMNS, "tags", *TIMES])
    for account in accounts:
        plain = [safe_cell(str(getattr(account, name))) for name in COLUMNS]
        times = [getattr(account, name) for name in TIMES]
        writer.writerow(
            [
                *plain,
                safe_cell(" ".join(account.tags)),
                *(time.isoformat() if time else "" for time in times),
            ]
        )
    return buffer.getvalue()


def safe_cell(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
