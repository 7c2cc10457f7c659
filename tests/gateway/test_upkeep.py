"""Housekeeping as the operator set it."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.models import StoredResponse
from gateway.upkeep import purge_expired
from grokgateway import config


def store_response(age):
    StoredResponse.objects.create(
        public_id=f"resp_{age.days}",
        owner="open",
        model="m",
        status="completed",
        sealed=b"",
        created_at=datetime.now(UTC) - age,
    )


@pytest.mark.parametrize(("days", "left"), [(30, ["resp_29"]), (0, None)])
def test_responses_go_after_their_time(transactional_db, days, left):
    for age in (29, 31):
        store_response(timedelta(days=age))
    with config.override({"retention.responses_days": days}):
        purge_expired()
    names = [row.public_id for row in StoredResponse.objects.all()]
    assert names == (["resp_29", "resp_31"] if left is None else left)
