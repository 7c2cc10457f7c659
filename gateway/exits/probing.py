"""Nodes are tried in the background: soon where they are out, else now and then."""

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from gateway.egress import home
from gateway.egress.home import Seat
from gateway.egress.nodes import DIRECT_NODE, Node
from gateway.egress.settings import Settings
from gateway.egress_tables import EgressNode
from gateway.exits import figures
from gateway.exits.queries import apart
from gateway.upstream.probes import Probe, probe
from grokgateway import config
from grokgateway.jobs import leadership

LEADER = "proxy probes"
EVERY_S = 10.0
LIFE = timedelta(seconds=60)
COOLED_S = 30.0
SOUND_S = 900.0
AT_ONCE = 8


class Prober:
    def __init__(self) -> None:
        self._tried: dict[str, float] = {}

    async def beat(self) -> None:
        settings = config.current()
        nodes = home.current().nodes(settings)
        if not nodes:
            return
        lease = await apart(leadership.claim, LEADER, life=LIFE)
        if lease is None:
            return
        try:
            for node_group in grouped(self.due(nodes, time.time())):
                await asyncio.gather(*(tried(node, settings) for node in node_group))
                if not await apart(leadership.renew, lease, life=LIFE):
                    return
        finally:
            await apart(leadership.release, lease)

    def due(self, nodes: Iterable[Node], now: float) -> list[Node]:
        """A node's first turn comes after a while, unless it is out."""
        found = []
        for node in nodes:
            wait_s = COOLED_S if home.current().of(node).failures else SOUND_S
            if now - self._tried.setdefault(node.name, now - COOLED_S) >= wait_s:
                self._tried[node.name] = now
                found.append(node)
        return found


def grouped(nodes: list[Node]) -> Iterable[list[Node]]:
    return (nodes[at : at + AT_ONCE] for at in range(0, len(nodes), AT_ONCE))


async def tried(node: Node, settings: Settings) -> Probe:
    """Probe, and note what it says about the node; also for the test button."""
    here = home.current()
    seat = Seat(node, here.of(node).epoch)
    told = await probe(node, settings)
    if told.cause:
        here.failed(seat, told.cause)
    else:
        here.succeeded(seat, told.latency_ms)
    await apart(noted, node, told)
    return told


def noted(node: Node, told: Probe) -> None:
    if node is DIRECT_NODE:
        return
    columns = figures.columns(home.current().of(node))
    columns["checked_at"] = datetime.now(UTC)
    if told.exit_address:
        columns["exit_address"] = told.exit_address
    EgressNode.objects.filter(name=node.name).update(**columns)
