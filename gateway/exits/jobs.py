"""What batch jobs do to one node: try it, or get a clearance through it."""

from collections.abc import Iterable, Mapping

from gateway.egress import home
from gateway.egress.bundles import SOLVER_MODES, Place
from gateway.egress.causes import TABLE
from gateway.egress.nodes import DIRECT, DIRECT_NODE, Node
from gateway.egress.proxies import BadProxy, parse
from gateway.egress.settings import Settings
from gateway.egress_tables import EgressNode, NodeSource
from gateway.errors import GatewayError
from gateway.exits import clearances, probing, store
from gateway.exits.queries import apart
from grokgateway import config, crypto
from grokgateway.jobs import batches
from grokgateway.jobs.batch_runner import ItemFailed, Params, Result, Work
from grokgateway.jobs.batches import Target
from grokgateway.jobs.models import BatchJob

TEST, SOLVE = "egress-test", "egress-solve"
AT_ONCE = {TEST: 8, SOLVE: 2}


def begin(kind: str, names: Iterable[str], by: str) -> BatchJob:
    targets = [Target(name, name) for name in names]
    return batches.create(kind, targets, by=by, concurrency=AT_ONCE[kind])


async def test(target: str, params: Params) -> Result:
    """Also of a node that is switched off, as one does before switching it on."""
    settings = config.current()
    refuse_direct(target, settings)
    told = await probing.tried(await node_called(target, settings), settings)
    if told.cause:
        cause = TABLE[told.cause]
        raise ItemFailed(f"{cause.code}: {cause.remedy}")
    result: dict[str, object] = {"latency_ms": told.latency_ms, "status": told.status}
    if told.exit_address:
        result["exit_address"] = told.exit_address
    return result


async def solve(target: str, params: Params) -> Result:
    settings = config.current()
    solver = home.current().solver
    if settings.text("proxy.clearance.mode") not in SOLVER_MODES or solver is None:
        raise ItemFailed("no solver is configured")
    refuse_direct(target, settings)
    node = await node_called(target, settings)
    origin = settings.text("upstream.base_url").rstrip("/")
    place = Place(node, origin, settings.text("proxy.clearance.flaresolverr_url"))
    await apart(clearances.allow_again, node.name)
    await apart(store.load)
    known = home.current().rows.bundles.get(place.key)
    try:
        bundle = await solver.renew(place, known.version if known else 0, settings)
    except GatewayError as error:
        row = await apart(clearances.found, place.key)
        reason = row.last_error if row else ""
        raise ItemFailed(reason or error.message) from error
    return {"version": bundle.version, "cookies": bool(bundle.cookies)}


def refuse_direct(target: str, settings: Settings) -> None:
    if target == DIRECT and settings.text("proxy.egress.mode") != DIRECT:
        raise ItemFailed("nothing goes direct while calls go by proxies")


async def node_called(name: str, settings: Settings) -> Node:
    if name == DIRECT:
        return DIRECT_NODE
    for node in home.configured(settings):
        if node.name == name:
            return node
    return await apart(kept, name)


def kept(name: str) -> Node:
    row = EgressNode.objects.filter(name=name, source=NodeSource.OPERATOR).first()
    if row is None:
        raise ItemFailed("the node is gone")
    try:
        parse(store.address_of(row))
    except (BadProxy, crypto.Undecipherable) as reason:
        raise ItemFailed("its address cannot be read") from reason
    node = store.node_of(row)
    assert node is not None  # noqa: S101 - it was read just now
    return node


WORKS: Mapping[str, Work] = {TEST: test, SOLVE: solve}
