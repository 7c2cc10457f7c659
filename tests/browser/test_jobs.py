"""Jobs in a browser: what moves, what survives a reload, a cut socket, the keyboard."""

import re

import pytest

from tests.browser.surfing import furnished_gateway
from tests.e2e.gateway_process import eventually

LIST = "/admin/jobs/batchjob/"
BLOCKED = """
window.WebSocket = class extends EventTarget {
  static OPEN = 1;
  readyState = 3;
  constructor() {
    super();
    setTimeout(() => this.dispatchEvent(new CloseEvent("close")));
  }
  send() {}
  close() {}
};
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with furnished_gateway(tmp_path_factory.mktemp("jobs"), 5) as running:
        yield running


def tell(gateway, line):
    code = f"from tests.browser import jobs; jobs.{line}"
    return gateway.manage("shell", "--no-imports", "-c", code).strip()


def row_of(gateway, public_id):
    names = ("public_id", "status", "processed", "total", "fail")
    rows = gateway.rows(f"SELECT {', '.join(names)} FROM jobs_batchjob")  # noqa: S608 - names of ours
    return next(
        dict(zip(names, row, strict=True)) for row in rows if row[0] == public_id
    )


@pytest.fixture
def job(gateway):
    public_id = tell(gateway, "begin(40)").splitlines()[-1]
    yield public_id
    if row_of(gateway, public_id)["status"] == "running":
        tell(gateway, f"finish('{public_id}')")


def operator(visit, gateway, **options):
    visitor = visit(gateway, **options)
    visitor.sign_in()
    return visitor


def open_job(visitor, public_id):
    visitor.go(f"{LIST}by-id/{public_id}/")
    return visitor.page


def part(page, name):
    return page.locator(f'#job-progress [data-job-part="{name}"]')


def wait_for(locator, text):
    locator.filter(has_text=re.compile(text)).wait_for()


def test_progress_moves_on_page_list_and_tray_and_ends(gateway, visit, job):
    visitor = operator(visit, gateway)
    page = open_job(visitor, job)
    tray = page.locator(".tray-button")
    wait_for(tray, "1 job runs")
    assert part(page, "ok").inner_text() == "0"
    other = visitor.page.context.new_page()
    other.goto(gateway.url + LIST)

    tell(gateway, f"work('{job}', 5, 3)")
    wait_for(part(page, "ok"), "^5$")
    assert part(page, "fail").inner_text() == "3"
    assert part(page, "left").inner_text() == "32"
    assert part(page, "bar").locator("progress").get_attribute("value") == "8"
    assert page.locator("[data-just-failed] li").count() == 3
    wait_for(
        other.locator(f'[data-job="{job}"][data-job-part="counts"]'), "5 / 3 / 0 / 32"
    )

    page.reload()
    assert part(page, "ok").inner_text() == "5"
    wait_for(page.locator(".tray-button"), "1 job runs")

    tell(gateway, f"work('{job}', 32)")
    tell(gateway, f"finish('{job}')")
    wait_for(page.locator("#job-tools"), "Retry failed only")
    wait_for(part(page, "state"), "done, some failed")
    wait_for(page.locator("[data-tray-told]"), "40 / 40, 3 failed")
    wait_for(page.locator(".tray-button"), "No job runs")
    assert page.locator("#items tbody tr").count() == 40
    assert visitor.faults() == []


def test_the_tray_is_there_on_every_page(gateway, visit, job):
    visitor = operator(visit, gateway)
    wait_for(visitor.page.locator(".tray-button"), "1 job runs")
    visitor.go("/admin/accounts/account/")
    page = visitor.page
    page.locator(".tray-button").click()
    sheet = page.locator("#tray-list")
    wait_for(sheet, "Refresh quotas")
    assert visitor.faults() == []
    sheet.get_by_role("link", name="Refresh quotas").click()
    page.wait_for_url(re.compile(r"/admin/jobs/batchjob/\d+/change/"))


@pytest.mark.load
def test_another_persons_job_is_in_the_list_and_not_in_the_tray(gateway, visit):
    other = tell(gateway, "begin(5, by='somebody')").splitlines()[-1]
    visitor = operator(visit, gateway)
    page = open_job(visitor, other)
    tell(gateway, f"work('{other}', 2)")
    wait_for(part(page, "ok"), "^2$")
    assert page.locator(".tray-button").is_hidden()
    tell(gateway, f"finish('{other}')")


def test_cancel_stops_within_one_item(gateway, visit):
    """A real worker: the sandbox is away, so every item fails, one after the other."""
    code = (
        "from grokgateway.jobs import batches;"
        "from grokgateway.jobs.batches import Target;"
        "print(batches.create('import', [Target(f'store {n}') for n in range(4000)],"
        "params={'draft': 'none'}, by='operator', concurrency=1).public_id)"
    )
    public_id = gateway.manage("shell", "--no-imports", "-c", code).split()[-1]
    visitor = operator(visit, gateway)
    page = open_job(visitor, public_id)
    failed = part(page, "fail")
    assert eventually(
        lambda: page.wait_for_timeout(50) or failed.inner_text() != "0", limit_s=20
    )
    page.get_by_role("button", name="Cancel this job").click()
    wait_for(part(page, "state"), "cancelled")
    row = row_of(gateway, public_id)
    processed, total, fail = row["processed"], row["total"], row["fail"]
    assert 0 < processed < total
    assert processed == fail
    assert int(part(page, "skipped").inner_text().replace(",", "")) == total - processed


@pytest.mark.load
def test_without_a_socket_pages_poll(gateway, visit, job):
    visitor = operator(visit, gateway)
    visitor.page.add_init_script(BLOCKED)
    page = open_job(visitor, job)
    tell(gateway, f"work('{job}', 7)")
    with page.expect_response(lambda r: r.url.endswith(f"/admin/jobs/{job}.json")):
        pass
    wait_for(part(page, "ok"), "^7$")
    tell(gateway, f"work('{job}', 33)")
    tell(gateway, f"finish('{job}')")
    wait_for(part(page, "state"), "^done$")
    wait_for(page.locator("[data-tray-told]"), "40 / 40")
    assert visitor.faults(axe=False) == []


@pytest.mark.load
def test_a_cut_socket_is_opened_again(gateway, visit, job):
    sockets = []
    visitor = operator(visit, gateway)
    visitor.page.route_web_socket(
        "**/admin/ws/jobs",
        lambda ws: sockets.append((ws, ws.connect_to_server())),
    )
    page = open_job(visitor, job)
    assert eventually(lambda: page.wait_for_timeout(50) or sockets)
    wait_for(page.locator(".tray-button"), "1 job runs")
    sockets[0][0].close(code=1012)
    tell(gateway, f"work('{job}', 4)")
    assert eventually(lambda: page.wait_for_timeout(50) or len(sockets) > 1)
    wait_for(part(page, "ok"), "^4$")


def test_the_keyboard_is_enough(gateway, visit, job):
    visitor = operator(visit, gateway)
    visitor.go("/admin/")
    page = visitor.page
    wait_for(page.locator(".tray-button"), "1 job runs")
    page.locator(".tray-button").focus()
    page.keyboard.press("Enter")
    sheet = page.locator("#tray-list")
    wait_for(sheet, "Refresh quotas")
    page.keyboard.press("Escape")
    assert sheet.is_hidden()
    assert page.locator(".tray-button").evaluate("it => it === document.activeElement")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/admin/jobs/batchjob/\d+/change/"))
    page.get_by_role("button", name="Cancel this job").focus()
    page.keyboard.press("Enter")
    wait_for(page.locator(".notices"), "is being stopped")
    wait_for(part(page, "state"), "stopping")
