"""Rows that make the console's pages look as they do in use; run inside a gateway.

`python manage.py shell -c "from tests.browser.furnishing import furnish; furnish(3)"`
"""

import asyncio
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from accounts import bulk
from accounts.credentials import public_id, seal, token_hash
from accounts.models import Account, QuotaWindow, StatusEvent
from accounts.store import reset_windows
from gateway import tallies
from gateway.doctor import records
from gateway.doctor.asking import Asked
from gateway.doctor.findings import Case, Check, Report, note, of_code, ok, skipped
from gateway.keys import store as keys
from gateway.models import ApiKey, RequestRecord
from gateway.tallies import Seen
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from media import store
from media.models import Kind, Source, VideoJob
from tests.browser import NAME, PASSWORD
from tests.browser.scenes import scene
from tests.media.samples import film
from webui.imagine import wall
from webui.imagine.frames import Start
from webui.models import RoundState

SHAPES = ((640, 480), (480, 640), (512, 512))
POOLS = ("basic", "super", "heavy")
STATES = (
    ("active", ""),
    ("cooling", "rate_limited"),
    ("active", ""),
    ("expired", "invalid_credentials"),
    ("active", ""),
    ("disabled", "operator_disabled"),
    ("active", ""),
)
REASONS = {429: "rate_limited", 502: "server"}
ENDS = (
    (200, "", "grok-4.20-fast"),
    (200, "", "grok-4.20-heavy"),
    (429, "rate_limit_exceeded", "grok-4.20-fast"),
    (200, "", "grok-4.20-expert"),
    (502, "upstream_error", "grok-imagine-image"),
)


def furnish(accounts: int) -> None:
    User.objects.create_superuser(NAME, password=PASSWORD)
    if not accounts:
        return
    add_accounts(accounts)
    reset_windows(dict(Account.objects.values_list("pk", "pool")))
    spend()
    bulk.tag(list(Account.objects.values_list("pk", flat=True)[:2]), ["nsfw"], [], "x")
    add_traffic(min(accounts * 20, 400))
    add_media()
    add_jobs()
    add_examination()


def add_examination() -> None:
    """Of a proxy that refuses its password, and of a way that is sound."""
    row = records.open_one(Asked(), "doctor", "node_out:pool-1")
    refused = (ok(Check.NODE, "proxied", node="pool-1"), of_code("proxy_auth"))
    sound = (ok(Check.CONNECT, "connected", ms=40), note(Check.PROFILE, "no_browser"))
    unreached = skipped(Check.QUOTA, "not_reached")
    account = Account.objects.order_by("pk")[0].public_id
    cases = (
        Case("pool-1", account, "grok-4.20-auto", (*refused, unreached)),
        Case("pool-2", "", "", sound),
    )
    records.close(row.public_id, Report(cases, 300))


def add_accounts(count: int) -> None:
    now = timezone.now()
    rows = []
    for number in range(count):
        token = f"sandbox-console-{number:08d}-{number * 7919:012d}"
        hashed = token_hash(token)
        status, reason = STATES[number % len(STATES)]
        rows.append(
            Account(
                public_id=public_id(hashed),
                token_hash=hashed,
                token_ciphertext=seal(token, public_id(hashed)),
                pool=POOLS[number % 3],
                status=status,
                state_reason=reason,
                cooling_until=now + timedelta(hours=2) if status == "cooling" else None,
                use_count=number * 37 % 900,
                fail_count=number * 11 % 40,
                last_use_at=now - timedelta(minutes=3 + number * 17),
                next_sync_at=now + timedelta(days=1),
                revision=number + 1,
            )
        )
    Account.objects.bulk_create(rows, batch_size=500)
    first = Account.objects.order_by("pk")[0]
    for hours, old, new, why in (
        (30, "active", "cooling", "rate_limited"),
        (28, "cooling", "active", "recovered"),
    ):
        StatusEvent.objects.create(
            account=first,
            at=now - timedelta(hours=hours),
            from_status=old,
            to_status=new,
            reason=why,
            actor="gateway",
        )


def spend() -> None:
    now = timezone.now()
    for window in QuotaWindow.objects.order_by("account_id", "mode")[:60]:
        window.remaining = window.total * (window.pk % 5) // 4
        window.source = "real"
        window.synced_at = now - timedelta(minutes=window.pk)
        window.reset_at = now + timedelta(hours=window.pk % 9 + 1)
        window.save()


def add_traffic(count: int) -> None:
    now = timezone.now()
    for name in ("Team wiki", "Coding agent", "Night jobs"):
        keys.create(ApiKey(name=name, requests_per_min=60))
    names = list(Account.objects.values_list("public_id", flat=True)[:7])
    rows = []
    for number in range(count):
        status, code, model = ENDS[number % len(ENDS)]
        rows.append(
            RequestRecord(
                request_id=f"req_{number:024x}",
                started_at=now - timedelta(minutes=number * 4),
                key="open",
                endpoint="/v1/chat/completions",
                model=model,
                account=names[number % len(names)],
                attempts=attempts(names, number, status),
                status=status,
                error_code=code,
                streamed=number % 2 == 0,
                first_token_ms=410.5 + number if status == 200 else None,
                total_ms=1900.25 + number * 3,
                prompt_tokens=420,
                completion_tokens=1300,
            )
        )
    RequestRecord.objects.bulk_create(rows)
    tallies.add(
        Seen(
            row.started_at,
            row.model,
            row.status,
            row.first_token_ms,
            row.prompt_tokens,
            row.completion_tokens,
        )
        for row in rows
    )


def attempts(names: list[str], number: int, status: int) -> list[dict[str, object]]:
    """A request that went to one account, every third to another one before."""
    last = REASONS.get(status, "ok")
    told = ["forbidden", last] if number % 3 == 0 else [last]
    return [
        {
            "account": names[(number + place) % len(names)],
            "mode": "fast",
            "reason": reason,
            "pool": "super",
            "chosen": "quota",
            "left": 40 - number % 40,
            "inflight": 1 + number % 2,
            "at_ms": 3 + place * 210,
            "took_ms": 205 + place * 1400,
        }
        for place, reason in enumerate(told)
    ]


def add_jobs() -> None:
    ids = Account.objects.values_list("public_id", flat=True)[:30]
    targets = [Target(one) for one in ids]
    for kind, done, failed in (("refresh", 30, 2), ("accept-terms", 12, 0)):
        job = batches.create(kind, targets, by=NAME)
        job.ok, job.fail = min(done, len(ids)) - failed, failed
        job.processed = job.ok + failed
        job.status = "done" if job.processed == len(ids) else "cancelled"
        for number, item in enumerate(job.items.order_by("pk")[: job.processed], 1):
            item.state, item.number = ("failed" if number <= failed else "ok"), number
            item.error = "upstream did not answer" if number <= failed else ""
            item.save()
        job.finished_at = timezone.now()
        job.save()


def add_wall() -> None:
    """Two rounds of a visitor; staff sees all walls."""
    rounds = (
        Start("A quiet harbour at dawn, boats in the mist, gouache", "16:9"),
        Start("Hills at dusk, long shadows, paper cut", "1:1", "quality", 4),
    )
    for number, start in enumerate(rounds):
        one = wall.begin("a visitor", "run", 1, start)
        size = (640, 360) if start.ratio == "16:9" else (480, 480)
        for place in range(start.count):
            origin = store.Origin(
                Source.IMAGES,
                account="acc_sample",
                model="grok-imagine-image",
                owner="a visitor",
                batch=one.public_id,
                place=place,
            )
            drawn = scene(6 * number + place + 1, size)
            asyncio.run(store.save_bytes(Kind.IMAGE, drawn, origin))
        wall.end(one.public_id, wall.Ended(RoundState.SUCCESS))


def add_media() -> None:
    origin = store.Origin(
        Source.CHAT,
        account="acc_sample",
        prompt="a harbour at dawn",
        model="grok-imagine-image",
    )
    for number in range(6):
        size = SHAPES[number % len(SHAPES)]
        asyncio.run(store.save_bytes(Kind.IMAGE, scene(number, size), origin))
    asyncio.run(store.save_bytes(Kind.VIDEO, film(), origin))
    now = timezone.now()
    values = {"model": "grok-imagine-video", "seconds": 6, "size": "720x1280"}
    VideoJob.objects.create(
        public_id="video_0f4e6a1c92d84b70", prompt="waves", **values
    )
    VideoJob.objects.create(
        public_id="video_5b1d37e8a6c0f294",
        prompt="clouds",
        status="failed",
        error_code="upstream_error",
        completed_at=now,
        **values,
    )
