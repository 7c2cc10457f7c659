"""Quotas and tiers as upstream tells them, asked neither too often nor twice."""

from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest
from asgiref.sync import sync_to_async
from django.test import TransactionTestCase
from django.utils import timezone

from accounts import imports, store
from accounts.documents import Defaults, parse
from accounts.leases import Wanted
from accounts.models import Account, QuotaWindow
from accounts.store import syncs
from gateway import refreshing, works
from gateway.media_left import Unknown
from gateway.refreshing import OnDemand, Refresher, Unlearnt
from gateway.upstream import (
    grpcweb,
    identity,
    media_quota,
    pool,
    quota,
    weekly_credits,
)
from grokgateway import config
from grokgateway.jobs.batch_runner import ItemFailed

MEDIA: dict[str, object] = {
    "image": {"available": True, "remainingQueries": 2, "windowSizeSeconds": 86400},
    "imagePro": None,
    "imageEdit": {"available": False, "nextAvailableAt": "2036-08-18T04:47:49Z"},
    "video": {"available": True, "remainingQueries": 0, "windowSizeSeconds": 86400},
    "video720p": {"available": False},
}
COUNTED = {"image", "image_edit", "video", "video_720p"}
SHARE = b"\x00\x00\x48\x41"  # 12.5
CREDITS = b"\x0a\x0e" + b"\x0d" + SHARE + b"\x3a\x07" + b"\x08\x05\x15" + SHARE
SUPER = {"auto": 50, "fast": 140, "expert": 50, "grok-420-computer-use-sa": 50}


class Upstream:
    """Totals by mode; what is left is one less. Counts questions by account."""

    def __init__(self):
        self.totals = SUPER
        self.asked = []
        self.beside = []  # paths of other questions
        self.media: int | dict[str, object] = 404
        self.credits = b""
        self.broken = None

    async def __call__(self, request):
        if request.url.path != quota.PATH:
            return self.answer(request.url.path)
        self.asked.append(request.headers["cookie"].split(";")[0])
        if self.broken is not None:
            return httpx.Response(self.broken, content=b"bad-credentials")
        total = self.totals.get(orjson.loads(request.content)["modelName"])
        if total is None:
            return httpx.Response(400, json={"code": 3})
        left = {"remainingQueries": total - 1, "totalQueries": total}
        return httpx.Response(200, json=left | {"windowSizeSeconds": 7200})

    def answer(self, path):
        self.beside.append(path)
        if path == media_quota.PATH:
            if isinstance(self.media, int):
                return httpx.Response(self.media)
            return httpx.Response(200, json=self.media)
        if path == weekly_credits.PATH:
            return httpx.Response(200, content=grpcweb.frame(self.credits))
        return httpx.Response(503)


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
        unknown, refreshing.HOME.unknown = refreshing.HOME.unknown, Unknown()
        self.addCleanup(setattr, refreshing.HOME, "unknown", unknown)

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

    async def test_what_is_left_of_media_and_credits_is_kept(self):
        (one,) = await sync_to_async(add)()
        self.upstream.media = MEDIA
        self.upstream.credits = CREDITS
        await self.refresh(one)
        account = await self.account(one)
        assert set(account.media_quota) == COUNTED
        assert account.media_quota["image"]["remaining"] == 2
        (row,) = await sync_to_async(lambda: next(store.load()))()
        again = datetime(2036, 8, 18, 4, 47, 49, tzinfo=UTC).timestamp()
        assert row.media_until("image") == row.media_until("image_pro") == 0.0
        assert row.media_until("image_edit") == again
        assert row.media_until("video") > timezone.now().timestamp() + 80_000
        assert {kind for kind, _ in row.media} == COUNTED
        assert account.weekly_credits["percent"] == 12.5
        assert account.weekly_credits["products"] == {"imagine": 12.5}

    async def test_no_answer_about_media_leaves_what_was_known(self):
        (one,) = await sync_to_async(add)()
        self.upstream.media, self.upstream.credits = MEDIA, CREDITS
        await self.refresh(one)
        before = await self.account(one)
        self.upstream.media, self.upstream.credits = {"image": None}, b"\xff"
        await self.refresh(one)
        after = await self.account(one)
        assert after.media_quota == before.media_quota
        assert after.weekly_credits == before.weekly_credits
        self.upstream.credits = b""
        await self.refresh(one)
        assert (await self.account(one)).weekly_credits == {}

    async def test_a_session_that_cannot_be_read_costs_no_reading(self):
        (one,) = await sync_to_async(add)()
        with config.override({"account.refresh.user_id": True}):
            await self.refresh(one)
        assert self.upstream.beside[-1] == identity.PATH
        window = await QuotaWindow.objects.aget(account_id=one, mode="auto")
        assert window.source == "real"
        assert (await self.account(one)).user_id == ""

    async def test_an_account_that_tells_nothing_is_asked_nothing_more(self):
        (one,) = await sync_to_async(add)()
        self.upstream.broken = 503
        with pytest.raises(Unlearnt):
            await self.refresh(one)
        assert self.upstream.beside == []

    async def test_an_upstream_that_does_not_know_the_question_is_left_alone(self):
        ids = await sync_to_async(add)("super", 3)
        for one in ids:
            await self.refresh(one)
        assert self.upstream.beside.count(media_quota.PATH) == 1
        assert self.upstream.beside.count(weekly_credits.PATH) == 3

    async def test_basic_accounts_have_no_credits_and_nobody_need_be_asked(self):
        (one,) = await sync_to_async(add)("basic")
        await self.refresh(one)
        assert self.upstream.beside == [media_quota.PATH]
        with config.override({"account.refresh.media": False}):
            await self.refresh(one)
        assert self.upstream.beside == [media_quota.PATH]

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
