"""Batch jobs that need no upstream, as a worker does them."""

import asyncio

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.test import TransactionTestCase

from accounts import changes, declared
from accounts.documents import Defaults, parse
from accounts.drafts import previews, steps
from accounts.models import Account, Declaration, ImportPart
from gateway import works
from grokgateway.jobs.batch_runner import run_one
from grokgateway.jobs.models import BatchJob
from tests.factories import make_account, make_token


def started(count):
    try:
        text = "\n".join(make_token() for _ in range(count))
        draft = previews.prepare(parse(text, Defaults("super")), by="op")
        return steps.start(draft, "op")
    finally:
        close_old_connections()


def declared_for(*kinds):
    try:
        account = make_account()
        for kind in kinds:
            declared.note(account.pk, kind, "op")
        return account
    finally:
        close_old_connections()


class Declarations(TransactionTestCase):
    async def test_terms_are_accepted_once(self):
        account = await asyncio.to_thread(declared_for, declared.TERMS)
        result = await works.accept_terms(account.public_id, {"by": "another"})
        assert result == {"success": True, "accepted_before": True}
        kept = await Declaration.objects.aget()
        assert (kept.kind, kept.by) == ("terms", "op")

    async def test_another_credential_has_declared_nothing(self):
        account = await asyncio.to_thread(declared_for, declared.TERMS)
        await sync_to_async(changes.give_token)(account.pk, make_token(), "op")
        assert not await Declaration.objects.aexists()


class Imports(TransactionTestCase):
    async def test_an_import_is_worked_off_part_by_part(self):
        job = await asyncio.to_thread(started, 700)
        assert await run_one(works.ALL)
        await job.arefresh_from_db()
        assert (job.status, job.processed, job.fail) == ("done", 2, 0)
        assert await Account.objects.acount() == 700
        assert not await ImportPart.objects.aexists()

    async def test_a_part_that_no_key_reads_fails_and_says_so(self):
        await asyncio.to_thread(started, 1)
        await ImportPart.objects.aupdate(sealed=b"\x01damaged")
        await run_one(works.ALL)
        job = await BatchJob.objects.aget()
        item = await job.items.aget()
        assert (job.fail, item.state) == (1, "failed")
        assert "no key" in item.error
        assert not await Account.objects.aexists()
