"""How the ways out stand by the rows, for alerts and pages; synchronous."""

from collections import Counter
from datetime import datetime, timedelta

from django.db.models import F, Q

from accounts.models import Account, Status
from gateway.egress import home
from gateway.egress.binding import key_of_hash
from gateway.egress.home import fitting
from gateway.egress.nodes import DIRECT, Node, Scope
from gateway.egress.settings import Settings
from gateway.egress_tables import ClearanceBundle, EgressNode
from gateway.errors import GatewayError

LOOK_BACK = timedelta(minutes=30)
SAMPLE = 5000


def bound(settings: Settings) -> dict[str, int]:
    """Accounts by the node their chats take now; of many, projected from a part."""
    accounts = Account.objects.filter(deleted_at=None, status=Status.ACTIVE)
    rows = list(accounts.values_list("token_hash", "node")[:SAMPLE])
    if settings.text("proxy.egress.mode") == DIRECT:
        return {}
    counts: Counter[str] = Counter()
    for hashed, pinned in rows:
        if (node := node_of(hashed, pinned, Scope.CHAT, settings)) is not None:
            counts[node.name] += 1
        elif not pinned:
            break  # no way for one is no way for all
    if len(rows) < SAMPLE:
        return dict(counts)
    total = accounts.count()
    return {name: round(count * total / SAMPLE) for name, count in counts.items()}


def node_of(hashed: str, pinned: str, scope: Scope, settings: Settings) -> Node | None:
    """The way that the account of this hash takes now; None if it has none."""
    key = key_of_hash(hashed)
    try:
        return home.current().take(settings, scope, key, pinned=pinned).node
    except GatewayError:
        return None


def usable(settings: Settings, now: datetime) -> dict[Scope, tuple[int, int]]:
    """Sound nodes and all of them, for each kind of traffic."""
    nodes = home.current().nodes(settings)
    out = {row.name for row in EgressNode.objects.filter(cooled_until__gt=now)}
    found = {}
    for scope in (Scope.CHAT, Scope.RESOURCE):
        serving = [node.name for node in fitting(nodes, scope)]
        found[scope] = (len([n for n in serving if n not in out]), len(serving))
    return found


def unsolved(now: datetime) -> list[ClearanceBundle]:
    """Failed lately, and nothing good came after."""
    later = Q(made_at=None) | Q(made_at__lt=F("failed_at"))
    rows = ClearanceBundle.objects.filter(later, failures__gt=0)
    return list(rows.filter(failed_at__gte=now - LOOK_BACK).order_by("node")[:20])
