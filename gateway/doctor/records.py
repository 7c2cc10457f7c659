"""Rows of examinations: asked for, ended, the latest of them. Synchronous."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from gateway.doctor.asking import Asked
from gateway.doctor.findings import Report
from gateway.doctor_tables import Examination

KEPT = timedelta(days=30)
SHOWN = 20


def open_one(asked: Asked, by: str, reason: str = "") -> Examination:
    return Examination.objects.create(
        public_id=secrets.token_hex(16),
        asked=asked.stored(),
        by=by[:150],
        reason=reason[:120],
        created_at=datetime.now(UTC),
    )


def close(public_id: str, report: Report) -> None:
    Examination.objects.filter(public_id=public_id).update(
        finished_at=datetime.now(UTC),
        sound=report.sound,
        document=report.stored(),
    )


def found(public_id: str) -> Examination | None:
    return Examination.objects.filter(public_id=public_id).first()


def latest(count: int = SHOWN) -> Sequence[Examination]:
    return list(Examination.objects.all()[:count])


def last_ended() -> Examination | None:
    return Examination.objects.exclude(finished_at=None).first()


def purge(now: datetime) -> int:
    return Examination.objects.filter(created_at__lt=now - KEPT).delete()[0]
