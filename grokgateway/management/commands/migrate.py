"""`manage.py migrate`, one at a time: containers on one database start together."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections

from grokgateway import turnstile


class Command(migrate.Command):
    help = (
        "Bring the database up to date; waits for another one that does. "
        "The arguments are Django's."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        try:
            with turnstile.alone(connections[options["database"]]):
                super().handle(*args, **options)
        except turnstile.Busy as exc:
            raise CommandError(str(exc)) from exc
