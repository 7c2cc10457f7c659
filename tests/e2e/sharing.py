"""Several processes of a gateway that serve one account, and what they make of it."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.e2e.gateway_process import Gateway, environment, manage, running_gateway
from tests.e2e.test_answers import CHAT

LEFT = 10
LONG = [pytest.mark.service, pytest.mark.load]
ON_EVERY_STORE = pytest.mark.parametrize(
    "shared_store",
    [
        "sqlite",
        *(pytest.param(n, marks=LONG) for n in ("redis", "postgresql", "mariadb")),
    ],
    indirect=True,
)
ACCOUNT = "sandbox-super-quota1000-shared"
# Nobody asks upstream meanwhile, who would say that there is more.
PREPARE = (
    "from datetime import timedelta; from django.core.management import call_command;"
    "from django.utils import timezone;"
    "from accounts.models import Account, QuotaWindow;"
    "call_command('migrate', verbosity=0);"
    "call_command('importaccounts', {accounts!r}, verbosity=0);"
    "later = timezone.now() + timedelta(days=1);"
    "Account.objects.update(next_sync_at=later, probe_until=later);"
    f"QuotaWindow.objects.update(remaining={LEFT}, source='real')"
)
SEEN = (
    "import json; from accounts.models import *; from django.db.models import Sum;"
    "lefts = dict(QuotaWindow.objects.values_list('mode', 'remaining'));"
    "print(json.dumps([lefts, ClaimMember.objects.count(), ClaimSlice.objects.count(),"
    "ClaimLoad.objects.aggregate(n=Sum('slots'))['n'] or 0]))"
)


@dataclass(frozen=True)
class Seen:
    """What the tables say: units that nobody holds, by mode, and who serves."""

    left: dict[str, int]
    members: int
    slices: int
    slots: int


@contextlib.contextmanager
def sharing(
    folder: Path,
    upstream: str,
    store: dict[str, str],
    *,
    inflight: int = 100,
    workers: int = 4,
    account: str = ACCOUNT,
) -> Iterator[Gateway]:
    """Processes with one account that has ten units left in every mode."""
    settings = store | {"GROK_ACCOUNT_SELECTION_MAX_INFLIGHT": str(inflight)}
    folder.mkdir(exist_ok=True)
    source = folder / "accounts.json"
    source.write_text(json.dumps({"super": [account]}))
    env = environment(folder, upstream, **settings)
    manage(env, "shell", "-v0", "-c", PREPARE.format(accounts=str(source)))
    with running_gateway(folder, upstream, None, workers=workers, **settings) as made:
        yield made


async def ask(
    gateway: Gateway, tokens: int, delay_ms: int, model: str = "grok-4.20-fast"
) -> int:
    """One request on a connection of its own, so that the processes share them."""
    prompt = f"[[tokens={tokens}]] [[delay_ms={delay_ms}]]"
    async with httpx.AsyncClient(timeout=60) as client:
        try:
            answer = await client.post(
                f"{gateway.url}{CHAT}",
                headers=gateway.headers(),
                json={
                    "model": model,
                    "messages": [{"role": "user", "content": prompt}],
                    "stream": True,
                },
            )
        except httpx.TransportError:
            return 0
    return answer.status_code


def chats(sandbox, account: str = ACCOUNT) -> dict[str, int]:
    """Calls of this account by mode; gateways of other tests ask for theirs."""
    found: dict[str, int] = sandbox.stats()["accounts"][account]["modes"]
    return found


def seen(gateway: Gateway) -> Seen:
    return Seen(*json.loads(gateway.manage("shell", "-v0", "-c", SEEN)))
