"""An alert on its way to people: a JSON POST and a mail, as far as they are set up."""

import logging
from smtplib import SMTPException

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation

from gateway.alert_tables import Alert
from gateway.alerts import wording
from gateway.doctor import records
from gateway.doctor import wording as examinations
from gateway.exits.queries import apart
from gateway.upstream import webhooks
from gateway.upstream.webhooks import Undelivered
from grokgateway import config

logger = logging.getLogger(__name__)

Body = dict[str, object]


async def deliver(alert: Alert, *, ended: bool = False) -> str:
    """Tell everybody; returns what went wrong, empty if nothing did."""
    snapshot = config.current()
    failures = []
    body = await apart(body_of, alert, ended=ended)
    if url := snapshot.text("alerts.webhook_url"):
        try:
            await webhooks.post(url, body)
        except Undelivered as error:
            failures.append(str(error))
    if emails := snapshot.items("alerts.emails"):
        failures += await sync_to_async(mailed)(body, emails)
    for failure in failures:
        logger.warning("Alert %s was not delivered: %s", alert, failure)
    return "; ".join(failures)


def body_of(alert: Alert, *, ended: bool) -> Body:
    """`text` alone is what chat services show; the rest is for programs."""
    with translation.override(settings.LANGUAGE_CODE):
        told, remedy = wording.told(alert.kind, alert.about), wording.remedy(alert.kind)
    return {
        "text": subject_of(told, ended=ended),
        "status": "resolved" if ended else "firing",
        "kind": alert.kind,
        "subject": alert.subject,
        "details": alert.about,
        "remedy": remedy,
        "since": alert.since.isoformat(),
        "ended_at": alert.ended_at.isoformat() if alert.ended_at else None,
        "gateway": config.current().text("app.app_url"),
        "doctor": examined(alert),
    }


def examined(alert: Alert) -> dict[str, object] | None:
    """What the examination found that it gave rise to, if it has ended by now."""
    row = records.found(alert.examination) if alert.examination else None
    if row is None or row.finished_at is None:
        return None
    base = config.current().text("app.app_url").rstrip("/")
    address = f"{base}/admin/doctor/?run={row.public_id}" if base else ""
    verdict = examinations.told(row.document)["verdict"]
    return {"sound": row.sound, "verdict": verdict, "address": address}


def subject_of(told: str, *, ended: bool) -> str:
    return f"[Grok Gateway] {'Over: ' if ended else ''}{told}"


def mailed(body: Body, emails: tuple[str, ...]) -> list[str]:
    lines = [str(body["text"]), str(body["remedy"]), f"Since {body['since']}."]
    if isinstance(found := body["doctor"], dict):
        lines += [str(found["verdict"]), str(found["address"])]
    if body["gateway"]:
        lines.append(f"{str(body['gateway']).rstrip('/')}/admin/")
    try:
        text = "\n\n".join(filter(None, lines))
        send_mail(str(body["text"]), text, None, list(emails))
    except (OSError, SMTPException) as error:
        return [f"the mail server refused: {type(error).__name__}"]
    return []
