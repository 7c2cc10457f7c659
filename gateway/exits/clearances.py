"""Rows of clearances: a solve kept, a failure noted, one made invalid.

All synchronous. Times are handed in.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from gateway.egress import home
from gateway.egress.bundles import Bundle, Place
from gateway.egress_tables import ClearanceBundle
from gateway.exits.store import bundle_of, cookies_context
from gateway.upstream.solver import Solved
from grokgateway import crypto

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
KEPT = timedelta(days=14)  # without use; behind some proxies each account has one


def found(key: str) -> ClearanceBundle | None:
    return ClearanceBundle.objects.filter(key=key).first()


def keep(place: Place, solved: Solved, browser: str) -> Bundle:
    """A version higher than any before, known here at once."""
    now = datetime.now(UTC)
    row = found(place.key) or ClearanceBundle(key=place.key)
    row.node, row.origin = place.node.name, place.origin
    row.version += 1
    row.cookies_ciphertext = crypto.ring().encrypt(
        solved.cookies, context=cookies_context(row.key)
    )
    row.user_agent, row.browser = solved.user_agent, browser
    row.valid, row.made_at, row.used_at = True, now, row.used_at or now
    row.failures, row.retry_at, row.last_error = 0, None, ""
    row.save()
    bundle = bundle_of(row)
    assert bundle is not None  # noqa: S101 - it was sealed just now
    remember(bundle)
    return bundle


def note_failure(place: Place, reason: str) -> datetime:
    """Returns when it may be tried again; a clearance that is there stays in use."""
    now = datetime.now(UTC)
    row = found(place.key) or ClearanceBundle(key=place.key)
    row.node, row.origin = place.node.name, place.origin
    pause = min(FIRST_PAUSE * 2 ** min(row.failures, 10), LONGEST_PAUSE)
    row.failures += 1
    row.failed_at, row.retry_at, row.last_error = now, now + pause, reason[:200]
    row.save()
    return row.retry_at


def purge(now: datetime) -> None:
    """Those that nobody has used for long, and failures of long ago."""
    before = now - KEPT
    used = Q(used_at__lt=before) | Q(used_at=None)
    failed = Q(failed_at__lt=before) | Q(failed_at=None)
    made = Q(made_at__lt=before) | Q(made_at=None)
    ClearanceBundle.objects.filter(used & failed & made).delete()


def invalidate(key: str, version: int) -> bool:
    """Only the version that was seen to fail; a newer one stays."""
    known = home.current().rows.bundles.get(key)
    if known is not None and known.version == version:
        remember(replace(known, valid=False))
    rows = ClearanceBundle.objects.filter(key=key, version=version, valid=True)
    return bool(rows.update(valid=False))


def invalidate_node(name: str) -> int:
    """What an operator no longer trusts; the next call solves anew."""
    rows = ClearanceBundle.objects.filter(node=name)
    return rows.update(valid=False, retry_at=None, failures=0)


def allow_again(name: str) -> None:
    """An operator asks now, whatever failed before; what is in use stays so."""
    ClearanceBundle.objects.filter(node=name).update(retry_at=None, failures=0)


def remember(bundle: Bundle) -> None:
    here = home.current()
    bundles = {**here.rows.bundles, bundle.key: bundle}
    here.rows = replace(here.rows, bundles=bundles)
