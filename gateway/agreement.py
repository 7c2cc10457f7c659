"""Processes agree on the forms upstream takes, through a table and off the requests."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async
from django.db import IntegrityError, close_old_connections, transaction
from django.db.models import Q

from gateway.form_tables import SpokenForm
from gateway.upstream import dialects
from gateway.upstream.dialects import AUTO, FORMS, SKEW_S, Switch, key_of
from grokgateway import config

logger = logging.getLogger(__name__)

EVERY_S = 3.0
# The usual form is tried again at the end of the hour; if it fails, it is one story.
STORY = timedelta(minutes=15)


async def follow() -> None:
    """One round: tell what this process learnt, and learn what others told."""
    news = dialects.HOME.news()
    for switch in news:
        logger.warning("Upstream form of %s: %s", switch.operation, switch.form)
    dialects.HOME.adopt(await sync_to_async(exchanged)(news))
    dialects.HOME.told(news)


def exchanged(news: Sequence[Switch]) -> list[Switch]:
    try:
        for switch in news:
            write(switch)
        return list(switches(SpokenForm.objects.all()))
    finally:
        close_old_connections()


def write(switch: Switch) -> None:
    """The latest word counts, whoever writes last; one from the future is none."""
    values = {
        "form": switch.form,
        "since": datetime.fromtimestamp(switch.since, UTC),
        "until": datetime.fromtimestamp(switch.until, UTC),
    }
    rows = SpokenForm.objects.filter(operation=switch.operation)
    ahead = datetime.now(UTC) + timedelta(seconds=SKEW_S)
    older = Q(since__lt=values["since"]) | Q(since__gt=ahead)
    if rows.filter(older).update(**values) or rows.exists():
        return
    try:
        with transaction.atomic():
            SpokenForm.objects.create(operation=switch.operation, **values)
    except IntegrityError:
        logger.info("another process told of %s first", switch.operation)


def switches(rows: Iterable[SpokenForm]) -> Iterator[Switch]:
    """What another version of the gateway has written may not be known here."""
    for row in rows:
        for operation, forms in FORMS.items():
            if operation == row.operation and row.form in forms:
                since, until = row.since.timestamp(), row.until.timestamp()
                yield Switch(operation, row.form, since, until)


def turned(now: datetime) -> list[Switch]:
    """What speaks its other form now, or did a moment ago."""
    settings = config.current()
    rows = SpokenForm.objects.filter(until__gt=now - STORY)
    found = switches(rows.order_by("operation"))
    return [one for one in found if settings.text(key_of(one.operation)) == AUTO]
