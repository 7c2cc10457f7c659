"""The list and the page of jobs: what they say, what can be done, how much they ask."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from accounts.documents import Defaults, parse
from accounts.drafts import previews, steps
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from grokgateway.jobs.models import BatchJob
from tests.factories import make_account, make_token
from tests.grokgateway.jobs.made import begun, job_of, over, worked

LIST = "/admin/jobs/batchjob/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def console(client):
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def viewer(client, *codenames):
    user = User.objects.create_user("viewer", is_staff=True)
    found = Permission.objects.filter(codename__in=("view_batchjob", *codenames))
    user.user_permissions.set(found)
    client.force_login(user)
    return client


def page(job, query=""):
    return f"{LIST}{job.pk}/change/{query}"


def text_of(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def made_up():
    """One that ran: two accounts done, three failed of two reasons."""
    accounts = [make_account(windows=False) for _ in range(5)]
    job = batches.create(
        "nsfw",
        [Target(a.public_id, f"mask-{n}") for n, a in enumerate(accounts)],
        params={"enabled": True},
        by="root",
        scope="all 5 matching tier: basic",
    )
    worked(begun(job), ok=2, errors=["timeout", "gone", "timeout"])
    return over(job), accounts


def test_the_list_tells_jobs_in_words(console):
    made_up()
    begun(job_of(4, by="root"))
    shown = text_of(console.get(LIST))
    for word in ("Switch adult content on", "Refresh quotas", "tier: basic"):
        assert word in shown
    assert "done, some failed" in shown
    assert "2 / 3 / 0 / 0" in shown
    assert "0 / 0 / 0 / 4" in shown


def test_the_list_takes_few_queries(console, django_assert_max_num_queries):
    for _ in range(20):
        job_of(2, by="root")
    console.get(LIST)
    with django_assert_max_num_queries(9):
        console.get(LIST)


def test_only_jobs_that_run_are_kept_up_to_date(console):
    ended, _ = made_up()
    running = begun(job_of(4))
    shown = text_of(console.get(LIST))
    assert f'data-job="{running.public_id}"' in shown
    assert f'data-job="{ended.public_id}"' not in shown


def test_the_list_is_filtered_by_work(console):
    made_up()
    job_of(1)
    shown = text_of(console.get(f"{LIST}?kind=nsfw"))
    table = shown[shown.index("result_list") :]
    assert "Switch adult content on" in table
    assert "Refresh quotas" not in table


def test_the_page_of_a_job(console, django_assert_max_num_queries):
    job, accounts = made_up()
    console.get(page(job))
    with django_assert_max_num_queries(9):
        shown = text_of(console.get(page(job)))
    for word in ("Switch adult content on", "all 5 matching tier: basic", "root"):
        assert word in shown
    assert "2 ×</span> timeout" in shown
    assert "1 ×</span> gone" in shown
    for account in accounts:
        where = reverse("admin:accounts_account_change", args=[account.pk])
        assert f'href="{where}">mask-' in shown
    assert "Retry failed only" in shown
    assert "Cancel this job" not in shown


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("?state=ok", ["mask-0", "mask-1"]),
        ("?state=failed", ["mask-2", "mask-3", "mask-4"]),
        ("?state=failed&error=timeout", ["mask-2", "mask-4"]),
        ("?q=GON", ["mask-3"]),
        ("?state=odd&page=x", [f"mask-{n}" for n in range(5)]),
        ("?page=9", []),
        ("?q=nothing", []),
    ],
)
def test_items_are_filtered(console, query, labels):
    job, _ = made_up()
    shown = text_of(console.get(page(job, query)))
    found = [f"mask-{n}" for n in range(5) if f">mask-{n}<" in shown]
    assert found == labels


def test_items_come_a_page_at_a_time(console):
    job = job_of(120)
    first = text_of(console.get(page(job)))
    assert first.count('scope="row"') == 50
    assert "?page=2#items" in first
    third = text_of(console.get(page(job, "?page=3")))
    assert third.count('scope="row"') == 20
    assert "?page=2#items" in third
    assert "?page=4" not in third


def test_cancel_is_a_button(console):
    job = begun(job_of(3))
    assert "Cancel this job" in text_of(console.get(page(job)))
    console.get(f"{LIST}{job.pk}/cancel/")
    job.refresh_from_db()
    assert not job.cancel_requested
    answer = console.post(f"{LIST}{job.pk}/cancel/", follow=True)
    assert "is being stopped" in text_of(answer)
    job.refresh_from_db()
    assert job.cancel_requested
    over(job)
    again = console.post(f"{LIST}{job.pk}/cancel/", follow=True)
    assert "had ended already" in text_of(again)


def test_jobs_are_cancelled_together(console):
    jobs = [job_of(1), job_of(1)]
    ticked = {"action": "cancel", "_selected_action": [job.pk for job in jobs]}
    console.post(LIST, ticked)
    assert {j.status for j in BatchJob.objects.all()} == {"cancelled"}


def test_what_failed_is_tried_again_in_a_job_of_its_own(console):
    job, _ = made_up()
    console.get(f"{LIST}{job.pk}/retry/")
    assert BatchJob.objects.count() == 1
    shown = text_of(console.post(f"{LIST}{job.pk}/retry/", follow=True))
    again = BatchJob.objects.get(retry_of=job)
    assert "3 failed items are tried again." in shown
    assert f'href="{page(job)}"' in shown
    assert f'href="{page(again)}"' in text_of(console.get(page(job)))


def test_a_retry_without_failures_is_explained(console):
    job = over(worked(begun(job_of(1)), ok=1))
    shown = text_of(console.post(f"{LIST}{job.pk}/retry/", follow=True))
    assert "Nothing to try again" in shown
    assert BatchJob.objects.count() == 1


def test_who_may_only_look_can_change_nothing(client):
    job, _ = made_up()
    running = begun(job_of(3))
    viewer(client)
    for one in (job, running):
        shown = text_of(client.get(page(one)))
        assert "Cancel this job" not in shown
        assert "Retry failed only" not in shown
    assert client.post(f"{LIST}{running.pk}/cancel/").status_code == 403
    assert client.post(f"{LIST}{job.pk}/retry/").status_code == 403
    running.refresh_from_db()
    assert not running.cancel_requested
    assert BatchJob.objects.count() == 2


def test_who_may_run_jobs_repeats_an_import_only_if_they_may_import(client):
    job = over(worked(begun(job_of(1, "import")), errors=["no key"]))
    viewer(client, "run_jobs")
    assert client.post(f"{LIST}{job.pk}/retry/").status_code == 403
    viewer_user = User.objects.get(username="viewer")
    viewer_user.user_permissions.add(Permission.objects.get(codename="add_account"))
    assert client.post(f"{LIST}{job.pk}/retry/").status_code == 302


def test_who_may_not_see_jobs_sees_no_tray_and_no_page(client):
    job = job_of(1)
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert "data-tray" not in text_of(client.get("/admin/"))
    for path in (LIST, page(job), "/admin/jobs/mine.json"):
        assert client.get(path).status_code == 403


def test_a_visitor_is_sent_to_sign_in(client):
    job = job_of(1)
    for path in (page(job), f"/admin/jobs/{job.public_id}.json"):
        answer = client.get(path)
        assert answer["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(
    "path",
    [
        f"{LIST}7777/change/",
        f"{LIST}odd/change/",
        f"{LIST}by-id/{'0' * 32}/",
        "/admin/jobs/nothing.json",
    ],
)
def test_jobs_that_are_not_there(console, path):
    assert console.get(path).status_code == 404


def test_a_job_is_found_by_the_id_that_scripts_know(console):
    job = job_of(1)
    assert console.get(f"{LIST}by-id/{job.public_id}/")["Location"] == page(job)


def test_the_state_for_pages_without_a_socket(console):
    job = worked(begun(job_of(4, by="root")), ok=1, errors=["gone"])
    job_of(1, by="other")
    answer = console.get(f"/admin/jobs/{job.public_id}.json")
    assert "no-store" in answer["Cache-Control"]
    told = answer.json()
    counted = {k: told[k] for k in ("processed", "ok", "fail", "left", "status")}
    assert counted == {
        "processed": 2,
        "ok": 1,
        "fail": 1,
        "left": 2,
        "status": "running",
    }
    mine = console.get("/admin/jobs/mine.json").json()["jobs"]
    assert [one["task_id"] for one in mine] == [job.public_id]


def test_every_page_has_a_tray_with_its_words(console):
    shown = text_of(console.get("/admin/"))
    assert 'data-socket="/admin/ws/jobs"' in shown
    assert "Refresh quotas" in shown[shown.index("data-words") :]


def test_the_job_of_an_import_leads_to_it_and_to_its_undo(console):
    lines = "\n".join(make_token() for _ in range(3))
    draft = previews.prepare(parse(lines, Defaults("basic")), by="root")
    job = steps.start(draft, "root")
    assert job.scope == "3 accounts"
    steps.run(job.items.get().target, draft.public_id)
    draft.refresh_from_db()
    shown = text_of(console.get(page(job)))
    assert reverse("console-account-import-shown", args=[draft.public_id]) in shown
    assert reverse("admin:accounts_restorepoint_undo", args=[draft.undo]) in shown


def test_files_of_one_account_lead_to_it(console):
    account = make_account(windows=False)
    params = {"account": account.public_id}
    job = batches.create("assets-delete", [Target("file-1")], params=params)
    where = reverse("admin:accounts_account_change", args=[account.pk])
    assert where in text_of(console.get(page(job)))


def test_an_ended_job_says_when_and_of_what(console):
    job = begun(job_of(2))
    batches.warn(job.pk, "half of upstream is away")
    over(job, "no worker knows this work")
    shown = text_of(console.get(page(job)))
    assert "half of upstream is away" in shown
    assert "no worker knows this work" in shown
    assert f"{job.finished_at:%Y-%m-%d %H:%M:%S} UTC" in shown
