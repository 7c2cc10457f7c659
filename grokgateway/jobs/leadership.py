"""Leases in the database for work that one process at a time may do.

Every step is one conditional update, so two processes can never both believe a claim.
The clocks of hosts that share a database must agree to well within the life of a lease.
All functions are synchronous and query the database.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import Error, IntegrityError, close_old_connections, transaction
from django.db.models import F

from grokgateway.jobs.models import LeaderLease

logger = logging.getLogger(__name__)
LIFE = timedelta(seconds=60)
RENEWALS = 3  # in each life, so that two may fail


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim that succeeded; `fence` is higher than that of any holder before."""

    name: str
    owner: str
    fence: int


def claim(
    name: str, *, life: timedelta = LIFE, now: datetime | None = None
) -> Lease | None:
    """Take the lease if it is free or has run out, else return None."""
    now = now or datetime.now(UTC)
    owner = new_owner()
    taken = LeaderLease.objects.filter(name=name, expires_at__lte=now).update(
        owner=owner, expires_at=now + life, fence=F("fence") + 1
    )
    if not taken and not created(name, owner, now + life):
        return None
    found = LeaderLease.objects.filter(name=name, owner=owner).first()
    return Lease(name, owner, found.fence) if found else None


def new_owner() -> str:
    """A name that no other claim has, and that tells people where to look."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(8)}"


def created(name: str, owner: str, expires_at: datetime) -> bool:
    """Make the row of a lease that was never claimed; the first one wins."""
    if LeaderLease.objects.filter(name=name).exists():
        return False
    try:
        with transaction.atomic():
            LeaderLease.objects.create(name=name, owner=owner, expires_at=expires_at)
    except IntegrityError:
        return False
    return True


def renew(lease: Lease, *, life: timedelta = LIFE, now: datetime | None = None) -> bool:
    """Lengthen a claim; False when it was lost, and then the work must stop."""
    now = now or datetime.now(UTC)
    return set_expiry(lease, now + life, still_at=now)


def release(
    lease: Lease, *, linger: timedelta = timedelta(0), now: datetime | None = None
) -> bool:
    """Give the lease back; `linger` keeps others from repeating the work at once."""
    now = now or datetime.now(UTC)
    return set_expiry(lease, now + linger, still_at=now)


def set_expiry(lease: Lease, expires_at: datetime, *, still_at: datetime) -> bool:
    held = LeaderLease.objects.filter(
        name=lease.name,
        owner=lease.owner,
        fence=lease.fence,
        expires_at__gt=still_at,
    )
    return held.update(expires_at=expires_at) == 1


@contextmanager
def held(
    name: str, *, life: timedelta = LIFE, linger: timedelta = timedelta(0)
) -> Iterator[Lease | None]:
    """Claim, renew from a thread while the block runs, release; None if taken.

    Work longer than `life` should look at the fence, or do steps that harm nobody when
    another process has taken over.
    """
    lease = claim(name, life=life)
    if lease is None:
        yield None
        return
    done = threading.Event()
    renewing = threading.Thread(
        target=keep_renewing,
        args=(lease, life, done),
        name=f"lease {name}",
        daemon=True,
    )
    renewing.start()
    try:
        yield lease
    finally:
        done.set()
        renewing.join()
        release(lease, linger=linger)


def keep_renewing(lease: Lease, life: timedelta, done: threading.Event) -> None:
    """Until done or lost; an outage of the database is waited out."""
    try:
        while not done.wait(life.total_seconds() / RENEWALS):
            try:
                if not renew(lease, life=life):
                    logger.warning("The lease %s was lost.", lease.name)
                    return
            except Error:
                logger.exception("The lease %s could not be renewed.", lease.name)
            finally:
                close_old_connections()
    finally:
        close_old_connections()
