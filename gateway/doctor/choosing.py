"""Whom to examine: the ways that calls take now, and the account likely to tell most.

Synchronous; reads rows. An account is asked by its own way alone, as its calls are.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db.models import F, QuerySet

from accounts.credentials import reveal, token_hash
from accounts.models import Account, QuotaWindow, Status
from accounts.tokens import normalise
from gateway import catalog
from gateway.doctor.asking import Asked, Unknown
from gateway.doctor.patients import Holder, Patient, Wish
from gateway.egress import home
from gateway.egress.binding import key_of_hash
from gateway.egress.home import fitting
from gateway.egress.nodes import DIRECT, DIRECT_NODE, Node, Scope
from gateway.egress.settings import Settings
from gateway.egress_tables import EgressNode
from gateway.errors import GatewayError
from gateway.exits import jobs, standing
from gateway.upstream.headers import Login
from grokgateway import crypto
from grokgateway.jobs.batch_runner import ItemFailed

MOST_NODES = 8
SAMPLE = 200
LATELY = timedelta(minutes=10)


def settled(asked: Asked, settings: Settings) -> Asked:
    """With the id of an account that was named by its token, which is kept nowhere.

    Raises Unknown for what is not there.
    """
    if asked.account:
        asked = replace(asked, account=named(asked.account.strip()).public_id)
    patients(asked, settings)
    return asked


def patients(asked: Asked, settings: Settings) -> list[Patient]:
    """Raises Unknown."""
    wish = wish_of(asked.model, settings) if asked.model else None
    if asked.node:
        node = node_named(asked.node, settings)
        account = named(asked.account) if asked.account else at(node, settings, wish)
        if node is DIRECT_NODE and settings.text("proxy.egress.mode") != DIRECT:
            return [seated(node, None, asked, wish, "never_direct")]
        return [seated(node, account, asked, wish, "no_account_here")]
    account = named(asked.account) if asked.account else likely(wish) or likely(None)
    own = own_node(account, settings) if account else None
    if asked.account:
        return [seated(own, account, asked, wish)]
    return all_ways(own, account, asked, wish, settings)


def all_ways(
    own: Node | None,
    account: Account | None,
    asked: Asked,
    wish: Wish | None,
    settings: Settings,
) -> list[Patient]:
    """The account's way first, then the others that may be used, the worst first."""
    if settings.text("proxy.egress.mode") == DIRECT:
        return [seated(DIRECT_NODE, account, asked, wish)]
    others = [one for one in home.current().nodes(settings) if one is not own]
    others.sort(key=lambda one: (-home.current().of(one).failures, one.name))
    pinned = account is not None and account.node
    if own is None and others and not pinned:
        own = others.pop(0)
    first = seated(own, account, asked, wish)
    rest = others[: MOST_NODES - 1]
    return [first, *(seated(node, None, asked, None, "by_its_own") for node in rest)]


def seated(
    node: Node | None,
    account: Account | None,
    asked: Asked,
    wish: Wish | None,
    missing: str = "pool_empty",
) -> Patient:
    holder = holder_of(account) if account else None
    if account is not None:
        missing = "" if holder else "unreadable"
    row = EgressNode.objects.filter(name=node.name).first() if node else None
    return Patient(
        node=node,
        enabled=row.enabled if row else True,
        seen_exit=row.exit_address if row else "",
        holder=holder,
        missing=missing,
        wish=wish,
        spend=asked.spend,
    )


def node_named(name: str, settings: Settings) -> Node:
    """Also one that is switched off, or that the mode does not use."""
    if name == DIRECT:
        return DIRECT_NODE
    for node in home.configured(settings):
        if node.name == name:
            return node
    try:
        return jobs.kept(name)
    except ItemFailed as reason:
        raise Unknown("node") from reason


def named(reference: str) -> Account:
    """By its id or its token."""
    live = Account.objects.filter(deleted_at=None)
    found = live.filter(public_id=reference).first()
    if found is None:
        try:
            hashed = token_hash(normalise(reference).token)
        except ValueError as exc:
            raise Unknown("account") from exc
        found = live.filter(token_hash=hashed).first()
    if found is None:
        raise Unknown("account")
    return found


def wish_of(model: str, settings: Settings) -> Wish:
    try:
        route = catalog.load().route(model)
    except GatewayError as error:
        raise Unknown("model") from error
    fallback = settings.flag("features.auto_chat_mode_fallback")
    modes = route.modes(auto_fallback=fallback)
    chat = route.capability == "chat"
    return Wish(route.name, route.mode, modes, route.pools, chat)


def likely(wish: Wish | None) -> Account | None:
    """One that failed a moment ago, else the latest used, else one that is out."""
    live = may_serve(wish)
    active = live.filter(status=Status.ACTIVE)
    failing = active.filter(last_fail_at__gt=datetime.now(UTC) - LATELY)
    lately = F("last_use_at").desc(nulls_last=True)
    return (
        failing.order_by("-last_fail_at").first()
        or active.order_by(lately, "pk").first()
        or live.order_by("-updated_at").first()
    )


def may_serve(wish: Wish | None) -> QuerySet[Account]:
    live = Account.objects.filter(deleted_at=None).exclude(status=Status.DISABLED)
    return live.filter(pool__in=wish.pools) if wish else live


def at(node: Node, settings: Settings, wish: Wish | None) -> Account | None:
    """An account whose own way this is, so that no other shows itself there."""
    for account in may_serve(wish).order_by("pk")[:SAMPLE]:
        own = own_node(account, settings)
        if own is not None and own.name == node.name:
            return account
    return None


def own_node(account: Account, settings: Settings) -> Node | None:
    """The way of its calls now; while all are out, the one it had."""
    now = standing.node_of(account.token_hash, account.node, Scope.CHAT, settings)
    if now is not None:
        return now
    if account.node:
        return pinned_node(account, settings)
    serving = fitting(home.current().nodes(settings), Scope.CHAT)
    return nearest(serving, key_of_hash(account.token_hash))


def pinned_node(account: Account, settings: Settings) -> Node | None:
    """None where it is gone; then the account has no way at all."""
    try:
        return node_named(account.node, settings)
    except Unknown:
        return None


def nearest(nodes: Iterable[Node], key: int) -> Node | None:
    return min(nodes, key=lambda one: (one.priority, one.distance(key)), default=None)


def holder_of(account: Account) -> Holder | None:
    """None where no key reads its login."""
    try:
        login = Login(reveal(account), account.user_id, account.node)
    except crypto.Undecipherable:
        return None
    windows = QuotaWindow.objects.filter(account=account)
    resting = windows.filter(cooling_until__gt=datetime.now(UTC))
    return Holder(
        public_id=account.public_id,
        login=login,
        pool=account.pool,
        status=account.status,
        modes=tuple(windows.values_list("mode", flat=True)),
        cooling=tuple(resting.values_list("mode", flat=True)),
    )
