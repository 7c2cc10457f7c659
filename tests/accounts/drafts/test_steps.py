from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import bulk, imports, restorepoints
from accounts.documents import Defaults, parse
from accounts.drafts import previews, steps
from accounts.models import Account, ImportDraft, ImportPart, RestorePoint
from grokgateway import crypto
from grokgateway.jobs import batches
from grokgateway.jobs.models import BatchJob, BatchState
from tests.factories import make_account, make_token

pytestmark = pytest.mark.django_db


def prepared(text, pool="super", tags=(), **how):
    return previews.prepare(parse(text, Defaults(pool, tuple(tags))), by="op", **how)


def worked_off(job):
    """All items of the job in order, as a worker takes them."""
    items = job.items.order_by("pk")
    return [steps.run(item.target, job.params["draft"]) for item in items]


def test_a_preview_sorts_lines_and_changes_nothing():
    here = make_token()
    gone = make_token()
    make_account(token=here, pool="super", tags=["a"])
    make_account(token=gone, deleted_at=timezone.now())
    new = make_token()
    draft = prepared(f"{here}\n{gone}\n{new}\n{new}\nsso-rw=x\n", tags=["a"])

    assert draft.counts == {
        "added": 1,
        "restored": 1,
        "tagged": 0,
        "present": 1,
        "repeated": 1,
        "unreadable": 1,
    }
    assert draft.samples["added"] == [["line 3", crypto.mask(new), "super"]]
    assert draft.rejected == [
        ["line 5", "a cookie line without an sso cookie", crypto.mask("sso-rw=x")]
    ]
    assert Account.objects.count() == 2
    assert not RestorePoint.objects.exists()


def test_no_token_is_kept_in_clear():
    token = make_token()
    draft = prepared(token)
    kept = f"{draft.samples} {draft.rejected}".encode()
    part = bytes(ImportPart.objects.get().sealed)
    assert token.encode() not in kept + part
    assert previews.opened(ImportPart.objects.get())[0].credential.token == token


def test_the_steps_import_and_forget_the_tokens():
    draft = prepared("\n".join(make_token() for _ in range(1100)))
    job = steps.start(draft, "op")
    results = worked_off(job)

    assert [r["added"] for r in results] == [500, 500, 100]
    assert Account.objects.filter(pool="super", deleted_at=None).count() == 1100
    assert not ImportPart.objects.exists()
    draft.refresh_from_db()
    point = RestorePoint.objects.get(public_id=draft.undo)
    assert (point.count, point.actor) == (1100, "op")
    assert restorepoints.undo(point, "op").restored == 1100
    assert not Account.objects.filter(deleted_at=None).exists()


def test_a_step_done_twice_does_nothing_more():
    job = steps.start(prepared(make_token()), "op")
    worked_off(job)
    before = Account.objects.values().get()
    assert worked_off(job) == [{"done before": True}]
    assert Account.objects.values().get() == before


def test_the_same_file_again_changes_nothing():
    text = "\n".join(make_token() for _ in range(3))
    worked_off(steps.start(prepared(text), "op"))
    before = list(Account.objects.order_by("pk").values())
    again = prepared(text)
    assert again.counts["present"] == 3
    (result,) = worked_off(steps.start(again, "op"))
    assert result == {"added": 0, "restored": 0, "tagged": 0, "unchanged": 3}
    assert list(Account.objects.order_by("pk").values()) == before
    again.refresh_from_db()
    assert again.undo == ""
    assert RestorePoint.objects.count() == 1


def test_it_merges_unless_told_otherwise():
    old = make_account(pool="super")
    draft = prepared(make_token())
    assert (draft.would_go, draft.pools) == (1, ["super"])
    worked_off(steps.start(draft, "op"))
    old.refresh_from_db()
    assert old.deleted_at is None


def test_replacing_takes_out_whom_the_file_lacks_and_can_be_undone():
    gone = [make_account(pool="super").pk for _ in range(3)]
    other = make_account(pool="heavy")
    draft = prepared(make_token())
    results = worked_off(steps.start(draft, "op", replacing=3))

    assert results[-1] == {"deleted": 3}
    live = set(Account.objects.filter(deleted_at=None).values_list("pk", flat=True))
    assert not live & set(gone)
    assert other.pk in live
    draft.refresh_from_db()
    point = RestorePoint.objects.get(public_id=draft.undo)
    assert (point.action, point.count) == ("replace-import", 4)
    restorepoints.undo(point, "op")
    again = Account.objects.filter(deleted_at=None)
    assert set(again.values_list("pk", flat=True)) == {*gone, other.pk}


def test_replacing_is_refused_when_the_number_differs_at_that_moment():
    make_account(pool="super")
    draft = prepared(make_token())
    make_account(pool="super")
    with pytest.raises(steps.Differs) as told:
        steps.start(draft, "op", replacing=draft.would_go)
    assert told.value.count == 2
    assert not BatchJob.objects.exists()
    draft.refresh_from_db()
    assert (draft.job, draft.missing) == ("", [])


def test_who_came_after_the_confirmation_stays():
    make_account(pool="super")
    job = steps.start(prepared(make_token()), "op", replacing=1)
    late = make_account(pool="super")
    worked_off(job)
    late.refresh_from_db()
    assert late.deleted_at is None


def test_nobody_is_taken_out_while_a_part_is_missing():
    make_account(pool="super")
    job = steps.start(prepared(make_token()), "op", replacing=1)
    with pytest.raises(steps.Unfinished):
        steps.run("take-out 0", job.params["draft"])
    assert Account.objects.get().deleted_at is None


def test_an_import_without_tiers_cannot_replace():
    draft = prepared(make_token(), pool="auto")
    assert draft.pools == []
    with pytest.raises(imports.UnclearPools):
        steps.start(draft, "op", replacing=0)


def test_an_import_is_started_once():
    draft = prepared(make_token())
    steps.start(draft, "op")
    with pytest.raises(steps.AlreadyStarted):
        steps.start(draft, "op")


def test_refreshing_afterwards_asks_for_what_came():
    make_account(pool="super")
    dead = make_token()
    account = make_account(token=dead)
    bulk.delete([account.pk], "op")
    new = make_token()
    job = steps.start(prepared(f"{new}\n{dead}", refresh=True), "op")
    *_, last = worked_off(job)
    refresh = BatchJob.objects.get(kind="refresh")
    assert last == {"accounts": 2, "job": refresh.public_id}
    assert account.public_id in refresh.items.values_list("target", flat=True)


def test_secrets_of_forgotten_imports_are_dropped():
    now = timezone.now()
    waiting, running, ended = (prepared(make_token()) for _ in range(3))
    jobs = [steps.start(draft, "op") for draft in (running, ended)]
    batches.cancel(jobs[1].public_id, now)
    assert BatchJob.objects.get(pk=jobs[1].pk).status == BatchState.CANCELLED
    previews.purge(now)
    assert set(ImportPart.objects.values_list("draft_id", flat=True)) == {
        waiting.pk,
        running.pk,
    }
    previews.purge(now + timedelta(hours=3))
    assert ImportPart.objects.get().draft_id == running.pk
    previews.purge(now + timedelta(days=31))
    assert not ImportDraft.objects.exists()
