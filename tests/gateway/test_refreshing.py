"""Quotas and tiers as upstream tells them, asked neither too often nor twice."""

from datetime import timedelta

import httpx
import orjson
import pytest
from asgiref.sync import sync_to_async
from django.test import TransactionTestCase
from django.utils import timezone

from accounts import imports
from accounts.documents import Defaults, parse
from accounts.leases import Wanted
from accounts.models import Account, QuotaWindow
from accounts.store import syncs
from gateway import refreshing, works
from gateway.refreshing import OnDemand, Refresher, Unlearnt
from gateway.upstream import pool
from grokgateway import config
from grokgateway.jobs.batch_runner import ItemFailed

SUPER = {"auto": 50, "fast": 140, "expert": 50, "grok-420-computer-use-sa": 50}


class Upstream:
    """Totals by mode; what is left is one less. Counts questions by account."""

    def __init__(self):
        self.totals = SUPER
        self.asked = []
        self.broken = None

    async def __call__(self, request):
        self.asked.append(request.headers["cookie"].split(";")[0])
        if self.broken is not None:
            return httpx.Response(self.broken, content=b"bad-credentials")
        total = self.totals.get(orjson.loads(request.content)["modelName"])
        if total is None:
            return httpx.Response(400, json={"code": 3})
        left = {"remainingQueries": total - 1, "totalQueries": total}
        return httpx.Response(200, json=left | {"windowSizeSeconds": 7200})


def add(pool_name="super", count=1):
    tokens = "\n".join(f"token-{pool_name}-{n}" for n in range(count))
    imports.add(parse(tokens, Defaults(pool_name)))
    return list(Account.objects.order_by("pk").values_list("pk", flat=True))


class RefreshTests(TransactionTestCase):
    def setUp(self):
        config.load()
        self.upstream = Upstream()
        carried = pool.carried_by(httpx.MockTransport(self.upstream))
        carried.__enter__()
        self.addCleanup(carried.__exit__, None, None, None)

    async def refresh(self, account_id):
        return await refreshing.refresh(account_id, config.current())

    async def account(self, account_id):
        return await Account.objects.aget(pk=account_id)

    async def test_real_windows_replace_guesses(self):
        (one,) = await sync_to_async(add)()
        assert await self.refresh(one) == "super"
        window = await QuotaWindow.objects.aget(account_id=one, mode="auto")
        assert (window.remaining, window.total, window.source) == (49, 50, "real")
        assert window.reset_at is not None
        assert window.reset_at > timezone.now() + timedelta(seconds=7000)
        account = await self.account(one)
        assert (account.sync_count, account.tier_source) == (1, "imported")
        low, high = timedelta(seconds=6400), timedelta(seconds=8000)
        assert low < account.next_sync_at - timezone.now() < high

    async def test_an_account_of_unknown_tier_is_found_out(self):
        (one,) = await sync_to_async(add)("auto")
        assert await self.refresh(one) == "super"
        assert len(self.upstream.asked) == 5
        account = await self.account(one)
        assert (account.pool, account.tier_source) == ("super", "inferred")
        modes = [w.mode async for w in account.windows.order_by("mode")]
        assert modes == ["auto", "expert", "fast", "grok_4_3"]

    async def test_a_lost_subscription_shows_after_two_answers(self):
        (one,) = await sync_to_async(add)("super")
        self.upstream.totals = {"fast": 30}
        assert await self.refresh(one) == "super"
        assert await self.refresh(one) == "basic"
        (window,) = [w async for w in QuotaWindow.objects.filter(account_id=one)]
        assert (window.mode, window.total, window.window_s) == ("fast", 30, 86_400)

    async def test_a_dead_login_expires_the_account(self):
        (one,) = await sync_to_async(add)()
        self.upstream.broken = 401
        with pytest.raises(Unlearnt):
            await self.refresh(one)
        account = await self.account(one)
        assert (account.status, account.state_reason) == ("expired", syncs.DEAD)
        assert await account.events.acount() == 1

    async def test_no_answer_changes_nothing_and_is_asked_later(self):
        (one,) = await sync_to_async(add)()
        self.upstream.broken = 503
        with pytest.raises(Unlearnt):
            await self.refresh(one)
        window = await QuotaWindow.objects.aget(account_id=one, mode="auto")
        assert (window.remaining, window.source) == (50, "default")
        account = await self.account(one)
        assert account.status == "active"
        assert account.next_sync_at > timezone.now() + timedelta(minutes=4)

    async def test_due_accounts_are_asked_once_by_one_process(self):
        await sync_to_async(add)("basic", 30)
        one, other = Refresher(), Refresher()
        await one.beat()
        await other.beat()
        assert len(set(self.upstream.asked)) == refreshing.PER_S
        await one.beat()
        assert len(set(self.upstream.asked)) == 30
        assert len(self.upstream.asked) == 30 * 2
        await one.beat()
        assert len(self.upstream.asked) == 30 * 2
        await one.aclose()
        assert await sync_to_async(other._leading)(timezone.now())

    async def test_random_strategy_asks_nobody(self):
        await sync_to_async(add)()
        with config.override({"account.refresh.enabled": False}):
            await Refresher().beat()
        assert self.upstream.asked == []

    async def test_a_used_up_window_is_asked_about_when_it_resets(self):
        (one,) = await sync_to_async(add)()
        await self.refresh(one)
        now = timezone.now()
        past = now - timedelta(seconds=1)
        await Account.objects.filter(pk=one).aupdate(probe_until=past)
        windows = QuotaWindow.objects.filter(account_id=one, mode="auto")
        await windows.aupdate(remaining=0, reset_at=past)
        due = sync_to_async(syncs.due)
        assert await due(now, 9) == []
        wake = sync_to_async(syncs.wake_exhausted)
        assert await wake(now - timedelta(seconds=5), now) == 1
        assert await due(now, 9) == [one]

    async def test_on_demand_asks_a_few_and_not_again_soon(self):
        ids = await sync_to_async(add)("super", 12)
        await QuotaWindow.objects.aupdate(remaining=0)
        wanted = Wanted(("super",), ("auto",))
        help_ = OnDemand()
        assert await help_.help(wanted, config.current())
        assert len(set(self.upstream.asked)) == refreshing.LIKELY < len(ids)
        assert not await help_.help(wanted, config.current())

    async def test_works_speak_of_accounts_by_id(self):
        (one,) = await sync_to_async(add)()
        account = await self.account(one)
        done = await works.refresh(account.public_id, {})
        assert done == {"refreshed": 1, "pool": "super"}
        with pytest.raises(ItemFailed, match="gone"):
            await works.refresh("acc_nobody", {})
