"""Housekeeping as plain functions: what is old goes, as the operator set it."""

import logging
from datetime import UTC, datetime, timedelta

from django.db import close_old_connections

from accounts import restorepoints, store
from accounts.drafts import previews
from gateway import idempotency, recorder, sightings, stored, tallies
from gateway.alerts import watching
from gateway.captures import store as captures
from gateway.doctor import records as examinations
from gateway.exits import clearances, totals
from gateway.keys import store as keys
from grokgateway import config
from grokgateway.jobs import batches
from media import upkeep as media_upkeep

logger = logging.getLogger(__name__)


def purge_expired() -> None:
    """Delete records, events, jobs, accounts, responses past their retention."""
    snapshot = config.current()
    now = datetime.now(UTC)
    try:
        media_upkeep.purge(now)
        recorder.purge(snapshot.number("retention.requests_days"), now)
        keys.purge(now)
        idempotency.purge(now)
        previews.purge(now)
        tallies.purge(now)
        watching.purge(now)
        examinations.purge(now)
        sightings.purge(now)
        captures.purge(now)
        totals.purge(now)
        clearances.purge(now)
        purges = (
            ("retention.events_days", store.purge_events),
            ("retention.events_days", batches.purge),
            ("retention.deleted_accounts_days", restorepoints.purge),
            ("retention.deleted_accounts_days", store.purge_deleted),
            ("retention.responses_days", stored.purge),
        )
        for key, purge in purges:
            if days := snapshot.number(key):
                purge(now - timedelta(days=days))
    finally:
        close_old_connections()
