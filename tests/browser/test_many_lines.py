"""An import of 50,000 lines through the console (console-webui 10, item 5)."""

import re
import time

import pytest

from tests.browser.surfing import furnished_gateway
from tests.e2e.gateway_process import eventually

pytestmark = pytest.mark.load
LINES, BAD = 50_000, 7
PREVIEW_S = 5.0
IMPORT = "/admin/accounts/account/import/"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with furnished_gateway(tmp_path_factory.mktemp("lines"), 0) as running:
        yield running


def write(path, first):
    lines = [f"made-up-token-{first + n:012d}{'x' * 120}" for n in range(LINES)]
    for n in range(BAD):
        lines[n * 1000 + 1] = f"theme=dark; lang={n}"
    path.write_text("\n".join(lines))
    return path


def previewed(visitor, path):
    """Send the file; returns seconds until the preview is there."""
    visitor.go(IMPORT)
    visitor.page.set_input_files("input[type=file]", path)
    begun = time.monotonic()
    visitor.page.locator("#content form [type=submit]").first.click()
    visitor.page.wait_for_url(re.compile(r"/import/[0-9a-f]{32}/"))
    return time.monotonic() - begun


def started(visitor):
    page = visitor.page
    page.locator("form[action$='/start/'] [type=submit]").click()
    page.get_by_role("link", name="The job").click()
    page.wait_for_url(re.compile(r"/batchjob/\d+/change/"))
    return page


def stored(page):
    """How many parts are done, as the page says."""
    text = page.locator("[data-job-part=ok], .tally dd").first.inner_text()
    return int(text.replace(",", ""))


def wait_for_more(page, than):
    assert eventually(lambda: page.wait_for_timeout(50) or stored(page) > than, 60)


def ended(page):
    page.locator(
        "#job-progress .badge", has_text=re.compile("^(done|cancelled)$")
    ).wait_for(timeout=120_000)


def accounts(gateway):
    query = "SELECT count(*) FROM accounts_account WHERE deleted_at IS NULL"
    return gateway.rows(query)[0][0]


def newest(gateway):
    query = (
        "SELECT status, total, processed, ok, fail FROM jobs_batchjob ORDER BY id DESC"
    )
    return gateway.rows(query)[0]


def test_fifty_thousand_lines(gateway, visit, tmp_path):
    visitor = visit(gateway)
    visitor.sign_in()
    path = write(tmp_path / "lines.txt", 0)
    took_s = previewed(visitor, path)
    for n in range(BAD):
        assert f"line {n * 1000 + 2}" in visitor.page.locator("#content").inner_text()

    page = started(visitor)
    wait_for_more(page, 0)
    seen = stored(page)
    page.reload()
    assert stored(page) >= seen
    wait_for_more(page, seen)
    ended(page)
    assert newest(gateway) == ("done", 100, 100, 100, 0)
    assert accounts(gateway) == LINES - BAD

    again_s = previewed(visitor, path)
    page = started(visitor)
    ended(page)
    assert accounts(gateway) == LINES - BAD
    assert max(took_s, again_s) < PREVIEW_S, (took_s, again_s)


def test_cancel_leaves_whole_parts(gateway, visit, tmp_path):
    visitor = visit(gateway)
    visitor.sign_in()
    before = accounts(gateway)
    previewed(visitor, write(tmp_path / "more.txt", LINES * 10))
    page = started(visitor)
    wait_for_more(page, 0)
    page.get_by_role("button", name="Cancel this job").click()
    ended(page)
    status, total, processed, ok, fail = newest(gateway)
    assert (status, ok, fail) == ("cancelled", processed, 0)
    assert 0 < processed < total
    assert eventually(lambda: accounts(gateway) == before + processed * 500)
