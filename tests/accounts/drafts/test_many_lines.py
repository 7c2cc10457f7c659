"""How long 50,000 lines take."""

import time

import pytest

from accounts.documents import Defaults, parse
from accounts.drafts import previews, steps
from accounts.models import Account
from tests.factories import make_token

pytestmark = [pytest.mark.load, pytest.mark.django_db]
LINES = 50_000
PREVIEW_S, IMPORT_S, STEP_S = 5.0, 30.0, 1.0


def text():
    return "\n".join(f"{make_token()}.{'x' * 120}" for _ in range(LINES))


def test_fifty_thousand_lines_are_shown_and_stored_in_time():
    lines = text()
    begun = time.perf_counter()
    draft = previews.prepare(parse(lines, Defaults("auto")), by="op")
    shown_s = time.perf_counter() - begun

    job = steps.start(draft, "op")
    slowest_s, begun = 0.0, time.perf_counter()
    for target in job.items.order_by("pk").values_list("target", flat=True):
        step = time.perf_counter()
        steps.run(target, draft.public_id)
        slowest_s = max(slowest_s, time.perf_counter() - step)
    stored_s = time.perf_counter() - begun
    assert Account.objects.count() == LINES

    begun = time.perf_counter()
    again = previews.prepare(parse(lines, Defaults("auto")), by="op")
    again_s = time.perf_counter() - begun
    assert again.counts["present"] == LINES
    figures = (shown_s, again_s, stored_s, slowest_s)
    assert max(shown_s, again_s) < PREVIEW_S, figures
    assert stored_s < IMPORT_S, figures
    assert slowest_s < STEP_S, figures
