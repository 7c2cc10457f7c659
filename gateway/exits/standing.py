"""How the ways out stand by the rows, for alerts and pages; synchronous."""

from datetime import datetime, timedelta

from django.db.models import F, Q

from gateway.egress import home
from gateway.egress.home import fitting
from gateway.egress.nodes import Scope
from gateway.egress.settings import Settings
from gateway.egress_tables import ClearanceBundle, EgressNode

LOOK_BACK = timedelta(minutes=30)


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
