"""Rows of nodes and clearances: saved sealed, read into the home of the ways out.

Whoever changes a row calls `load` once it is committed; other processes read the rows
anew every few seconds.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from gateway.egress import home
from gateway.egress.bundles import Bundle
from gateway.egress.home import Rows
from gateway.egress.nodes import Node, Scope
from gateway.egress.proxies import BadProxy, Proxy, parse
from gateway.egress_tables import ClearanceBundle, EgressNode, NodeSource
from gateway.exits import manual
from grokgateway import config, crypto

logger = logging.getLogger(__name__)

OF_CONFIG = re.compile(r"direct|(?:res-)?(?:single|pool-\d+)")
SHOWN_CHARS = 300
OPENED_AT_ONCE = 500
BEGINNING: dict[str, object] = {
    "enabled": True,
    "score": 1.0,
    "failures": 0,
    "cooled_until": None,
    "last_error": "",
    "exit_address": "",
    "checked_at": None,
    "latency_ms": 0,
}


class NameReserved(ValueError):
    """Names like those that the configuration gives are not for operators."""


def load() -> None:
    """Synchronous; a few queries."""
    mirror()
    rows = list(EgressNode.objects.all())
    own = [row for row in rows if row.source == NodeSource.OPERATOR and row.enabled]
    nodes = tuple(node for row in own if (node := node_of(row)) is not None)
    disabled = frozenset(row.name for row in rows if not row.enabled)
    here = home.current()
    bundles = solved(here.rows.bundles)
    manual_ones = {row.name: one for row in rows if (one := manual.bundle_of(row))}
    read = Rows(nodes, disabled, bundles, manual_ones)
    if read != here.rows:
        here.rows = read
    adopt(rows, datetime.now(UTC))


def solved(known: Mapping[str, Bundle]) -> dict[str, Bundle]:
    """All clearances by key; only those that are not `known` as they are are opened."""
    rows = ClearanceBundle.objects.filter(version__gt=0)
    states = rows.values_list("key", "version", "valid", "made_at")
    found: dict[str, Bundle] = {}
    news = []
    for key, version, valid, made_at in states:
        bundle = known.get(key)
        made = made_at.timestamp() if made_at else 0.0
        state = (version, valid, made)
        if bundle and (bundle.version, bundle.valid, bundle.made_at) == state:
            found[key] = bundle
        else:
            news.append(key)
    for start in range(0, len(news), OPENED_AT_ONCE):
        for row in rows.filter(key__in=news[start : start + OPENED_AT_ONCE]):
            if (opened := bundle_of(row)) is not None:
                found[row.key] = opened
    return found


def node_of(row: EgressNode) -> Node | None:
    try:
        proxy = parse(address_of(row))
    except (BadProxy, crypto.Undecipherable):
        logger.warning("The address of node %s cannot be read.", row.name)
        return None
    return Node(row.name, proxy, Scope(row.scope), row.weight, row.priority, row.verify)


def bundle_of(row: ClearanceBundle) -> Bundle | None:
    try:
        cookies = crypto.ring().decrypt(
            bytes(row.cookies_ciphertext or b""), context=cookies_context(row.key)
        )
    except crypto.Undecipherable:
        logger.warning("The clearance of node %s cannot be read.", row.node)
        return None
    made_at = row.made_at.timestamp() if row.made_at else 0.0
    return Bundle(row.key, row.version, cookies, row.user_agent, made_at, row.valid)


def address_of(row: EgressNode) -> str:
    """With the password. Raises `crypto.Undecipherable`."""
    sealed = bytes(row.url_ciphertext or b"")
    return crypto.ring().decrypt(sealed, context=address_context(row.name))


def address_context(name: str) -> str:
    return f"egress:{name}"


def cookies_context(key: str) -> str:
    return f"clearance:{key}"


def fill(row: EgressNode, proxy: Proxy) -> EgressNode:
    """Put an operator's address into a row that has its name already."""
    if OF_CONFIG.fullmatch(row.name) or "://" in row.name:
        raise NameReserved  # of the latter: an address, perhaps with a password
    if row.identity != proxy.identity:
        row.manual_ciphertext = None  # cookies fit one exit
    url = proxy.url
    row.url_ciphertext = crypto.ring().encrypt(url, context=address_context(row.name))
    row.shown, row.identity = proxy.shown[:SHOWN_CHARS], proxy.identity
    row.source = NodeSource.OPERATOR
    return row


def mirror() -> None:
    """Rows for what the configuration names, so that they can be seen and switched."""
    wanted = {node.name: node for node in home.configured(config.current())}
    there = {
        row.name: row for row in EgressNode.objects.filter(source=NodeSource.CONFIG)
    }
    gone = there.keys() - wanted.keys()
    if gone:
        EgressNode.objects.filter(name__in=gone, source=NodeSource.CONFIG).delete()
    for name, node in wanted.items():
        row = there.get(name)
        if row is None or (row.shown, row.scope) != (shown(node), node.scope):
            mirrored(node)


def mirrored(node: Node) -> None:
    """Another address begins anew; another process may have been faster."""
    assert node.proxy is not None  # noqa: S101 - configured ones have one
    fresh = {
        "source": NodeSource.CONFIG,
        "shown": shown(node),
        "identity": node.identity,
        "scope": str(node.scope),
        "verify": node.verify,
        "manual_ciphertext": None,
        "user_agent": "",
        **BEGINNING,
    }
    try:
        with transaction.atomic():
            EgressNode.objects.update_or_create(name=node.name, defaults=fresh)
    except IntegrityError:
        logger.debug("Node %s was mirrored by another process.", node.name)
    home.current().health.pop(node.name, None)


def shown(node: Node) -> str:
    return node.proxy.shown[:SHOWN_CHARS] if node.proxy else ""


def adopt(rows: Iterable[EgressNode], now: datetime) -> None:
    """What another process met later than this one counts here too."""
    here = home.current()
    for row in rows:
        health = here.health.get(row.name)
        failed_at = row.failed_at.timestamp() if row.failed_at else 0.0
        good_at = row.succeeded_at.timestamp() if row.succeeded_at else 0.0
        if row.is_out(now) and (health is None or failed_at > health.failed_at):
            met = here.named(row.name)
            met.failures, met.score = row.failures, row.score
            met.last_error, met.failed_at = row.last_error, failed_at
            met.cooled_until = row.cooled_until.timestamp() if row.cooled_until else 0.0
        elif health is not None and good_at > health.failed_at and not row.failures:
            health.failures, health.cooled_until = 0, 0.0


def rows_exist() -> bool:
    """Whether there is anything that only this installation's keys read."""
    own = Q(source=NodeSource.OPERATOR) | Q(manual_ciphertext__isnull=False)
    return EgressNode.objects.filter(own).exists()
