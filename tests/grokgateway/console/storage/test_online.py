"""What accounts keep at upstream: the walk, its kept result, and clearing."""

import pytest
from django.utils import timezone

from accounts.models import Account
from grokgateway import config
from grokgateway.jobs.models import BatchItem, BatchJob
from tests.factories import make_account

pytestmark = pytest.mark.django_db

PAGE = "/admin/cache"


def walked(*accounts, **values):
    """A walk that has ended: the second account failed, the others have files."""
    job = BatchJob.objects.create(
        public_id="a" * 32,
        kind="assets",
        status="done",
        total=len(accounts),
        created_at=timezone.now(),
        finished_at=timezone.now(),
        **values,
    )
    for number, account in enumerate(accounts, start=1):
        failed = number == 2
        BatchItem.objects.create(
            job=job,
            target=account.public_id,
            label=f"mask-{number}",
            state="failed" if failed else "ok",
            number=number,
            result={} if failed else {"count": number * 3, "size_bytes": 2048},
            error="upstream is away" if failed else "",
        )
    return job


def text_of(answer):
    return answer.content.decode()


def test_nothing_is_asked_until_somebody_wants_it(console):
    assert "No account has been asked yet." in text_of(console.get(PAGE))
    page = console.post(f"{PAGE}/online/walk", follow=True)
    assert "There is no account that can be asked." in text_of(page)
    assert not BatchJob.objects.exists()


def test_the_walk_is_a_job_over_accounts_that_can_be_asked(console):
    asked = make_account()
    make_account(status="expired")
    page = console.post(f"{PAGE}/online/walk", follow=True)
    job = BatchJob.objects.get()
    assert (job.kind, job.total) == ("assets", 1)
    assert job.items.get().target == asked.public_id
    assert "A job for 1 account was started." in text_of(page)
    assert f"/admin/jobs/batchjob/{job.pk}/change/" in text_of(page)
    assert page.headers["Refresh"] == "5"
    assert '<progress max="1"' in text_of(page)


def test_a_second_walk_is_not_started_meanwhile(console):
    make_account()
    console.post(f"{PAGE}/online/walk")
    page = console.post(f"{PAGE}/online/walk", follow=True)
    assert "being asked already" in text_of(page)
    assert BatchJob.objects.count() == 1


def test_the_last_result_is_kept_with_errors_by_account(
    console, django_assert_max_num_queries
):
    walked(make_account(), make_account(), make_account(), fail=1)
    config.current()
    with django_assert_max_num_queries(9):
        page = text_of(console.get(PAGE))
    assert "3 accounts, 12 files, 4.0\xa0KB." in page
    assert "1 account did not answer." in page
    assert "upstream is away" in page
    assert "Refresh" not in console.get(PAGE).headers


@pytest.mark.parametrize(
    ("only", "shown"), [("with_files", ["mask-1", "mask-3"]), ("failed", ["mask-2"])]
)
def test_the_result_is_narrowed(console, only, shown):
    walked(make_account(), make_account(), make_account())
    found = console.get(PAGE, {"only": only}).context["online"]
    assert [line.name for line in found.lines] == shown


def test_the_result_is_paged(console):
    job = walked(make_account())
    BatchItem.objects.bulk_create(
        BatchItem(job=job, target=f"gone-{n}", state="ok", number=n + 2)
        for n in range(60)
    )
    second = console.get(PAGE, {"page": "2"}).context["online"]
    assert (second.page.number, len(second.lines)) == (2, 11)


def test_clearing_asks_before_a_job_is_made(console):
    chosen, other = make_account(), make_account()
    form = {"account": [chosen.public_id, "unknown"]}
    page = text_of(console.post(f"{PAGE}/online/clear", form))
    assert "all files that 1 account keeps" in page
    assert not BatchJob.objects.exists()
    console.post(f"{PAGE}/online/clear", form | {"sure": "yes"})
    job = BatchJob.objects.get()
    assert (job.kind, job.items.get().target) == ("cache-clear", chosen.public_id)
    assert Account.objects.filter(pk=other.pk).exists()


def test_clearing_nothing_says_so(console):
    page = console.post(f"{PAGE}/online/clear", {"sure": "yes"}, follow=True)
    assert "Choose at least one account." in text_of(page)
