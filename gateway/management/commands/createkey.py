"""Make a named API key and print it, the only time anybody can read it."""

import json
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone

from gateway.keys import store
from gateway.models import ApiKey, ModelRoute, Tier

TAKEN = 1
USAGE = 2
NAME_TAKEN = "A key of this name exists."
LIMITS = {
    "rpm": "requests_per_min",
    "concurrent": "concurrent",
    "requests_per_day": "requests_per_day",
    "tokens_per_day": "tokens_per_day",
}


class Command(BaseCommand):
    help = (
        "Make a named API key. The key is printed once and cannot be shown again. "
        "Exit code 0: made; 1: the name is taken; 2: wrong usage."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="how people call this key")
        parser.add_argument(
            "--models", default="", help="models it may use, by commas (default: all)"
        )
        parser.add_argument(
            "--pools", default="", help="pools it may use, by commas (default: all)"
        )
        parser.add_argument(
            "--expires",
            metavar="ISO",
            help="date or time at which it expires, of the zone TZ if it names none",
        )
        parser.add_argument("--rpm", type=int, metavar="N", help="requests a minute")
        parser.add_argument(
            "--concurrent", type=int, metavar="N", help="requests at once"
        )
        parser.add_argument("--requests-per-day", type=int, metavar="N")
        parser.add_argument("--tokens-per-day", type=int, metavar="N")
        parser.add_argument("--json", action="store_true", help="print JSON")

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        row = ApiKey(
            name=options["name"].strip(),
            allowed_models=known(options["models"], model_names(), "model"),
            allowed_pools=known(options["pools"], set(Tier.values), "pool"),
            expires_at=moment(options["expires"]),
            **{field: options[name] for name, field in LIMITS.items()},
        )
        check(row)
        try:
            key = store.create(row)
        except IntegrityError as exc:
            raise CommandError(NAME_TAKEN, returncode=TAKEN) from exc
        if options["json"]:
            self.stdout.write(json.dumps(described(row, key), indent=2))
            return
        self.stdout.write(key)
        self.stderr.write("Keep this key now: it cannot be shown again.")


def check(row: ApiKey) -> None:
    if ApiKey.objects.filter(name=row.name).exists():
        raise CommandError(NAME_TAKEN, returncode=TAKEN)
    try:
        row.full_clean(exclude=["key_hash", "fingerprint", "hint"])
    except ValidationError as exc:
        faults = [
            f"{name}: {' '.join(told)}" for name, told in exc.message_dict.items()
        ]
        raise CommandError("; ".join(faults), returncode=USAGE) from exc


def known(text: str, names: set[str], kind: str) -> list[str]:
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    for name in wanted:
        if name not in names:
            raise CommandError(f"There is no {kind} '{name}'.", returncode=USAGE)
    return list(dict.fromkeys(wanted))


def model_names() -> set[str]:
    return set(ModelRoute.objects.values_list("name", flat=True))


def moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise CommandError(
            "--expires takes a date such as 2030-12-31 or a time such as "
            "2030-12-31T18:00:00Z.",
            returncode=USAGE,
        ) from exc
    if timezone.is_naive(found):
        found = timezone.make_aware(found)
    if found <= datetime.now(UTC):
        raise CommandError("--expires lies in the past.", returncode=USAGE)
    return found


def described(row: ApiKey, key: str) -> dict[str, object]:
    return {
        "name": row.name,
        "key": key,
        "fingerprint": row.fingerprint,
        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
        "allowed_models": row.allowed_models,
        "allowed_pools": row.allowed_pools,
        **{field: getattr(row, field) for field in LIMITS.values()},
    }
