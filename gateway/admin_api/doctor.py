"""`/admin/api/doctor`: which layer is at fault, asked for and read."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from gateway.admin_api import access
from gateway.admin_api.batch import accepted
from gateway.admin_api.errors import Refused
from gateway.admin_api.keys import moment
from gateway.doctor import choosing, jobs, records, wording
from gateway.doctor.asking import Asked, Unknown
from gateway.doctor_tables import Examination
from gateway.openapi import fails
from grokgateway import config

router = Router(tags=["egress"], auth=[access.by_key, access.examiner])

Json = dict[str, object]
Text = Annotated[str, Field(max_length=4096)]


class Order(Schema, extra="forbid"):
    """Empty means what is likely; `ask` spends one query of the account."""

    node: Text = ""
    account: Text = ""
    model: Text = ""
    ask: bool = False


@router.post(
    "/doctor",
    summary="Examine the way to upstream; spends no quota",
    openapi_extra=fails(404),
)
def examine(request: HttpRequest, payload: Order) -> Json:
    """Answers at once with a task to follow, and the id of what will come of it."""
    asked = Asked(payload.node, payload.account, payload.model, payload.ask)
    try:
        asked = choosing.settled(asked, config.current())
    except Unknown as error:
        code = f"{error.what}_not_found"
        raise Refused(404, code, str(error), param=error.what) from error
    row, job = jobs.begin(asked, access.actor(request))
    return {**accepted(job), "examination": row.public_id}


@router.get(
    "/doctor", summary="What the last examination found", openapi_extra=fails(404)
)
def last(request: HttpRequest) -> Json:
    row = records.last_ended()
    if row is None:
        raise Refused(404, "examination_not_found", "Nothing was examined yet.")
    return told(row)


@router.get("/doctor/{examination}", summary="One examination, also while it runs")
def show(request: HttpRequest, examination: str) -> Json:
    row = records.found(examination)
    if row is None:
        raise Refused(404, "examination_not_found", "There is no such examination.")
    return told(row)


def told(row: Examination) -> Json:
    return {
        "examination": row.public_id,
        "asked": row.asked,
        "by": row.by,
        "reason": row.reason,
        "created_at": moment(row.created_at),
        "finished_at": moment(row.finished_at),
        **(wording.told(row.document) if row.document else {}),
    }
