"""Explain for operators: what would happen to a request for a model now, and why."""

import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from accounts import explaining, store
from accounts.explaining import Explanation, Shelf
from accounts.wishes import Wanted
from gateway import catalog
from gateway.auth import OPEN, Caller
from gateway.catalog import Route
from gateway.keys.cards import KeyCard
from gateway.keys.meters import DAY_S, Amount
from gateway.keys.store import card_of, stored
from gateway.models import ApiKey, RequestRecord
from gateway.pictures import is_lite, is_pro
from grokgateway import config

LOOK_BACK = timedelta(hours=1)
Json = dict[str, object]


class UnknownKey(LookupError):
    """No named key is called so."""


def explain(model: str, key: str = "") -> Json:
    """Reads all accounts and an hour of requests; raises GatewayError like a request.

    `key` is a named key's name or public id; raises `UnknownKey`. Times are ISO 8601,
    `runs_dry_in_s` is None where the present rate never empties it.
    """
    card = card_named(key) if key else None
    caller = Caller(card.fingerprint, card.models, card.pools, card) if card else OPEN
    snapshot = config.current()
    route = catalog.load().route(model)
    fallback = snapshot.flag("features.auto_chat_mode_fallback")
    modes = route.modes(auto_fallback=fallback)
    wanted = Wanted(caller.admitted(route.pools), modes, media=media_of(route))
    now = time.time()
    rows = (row for page in store.load() for row in page)
    found = explaining.explain(rows, wanted, now)
    per_hour = recent_requests(route)
    return {
        "model": model,
        "pools": list(wanted.pools),
        "modes": list(wanted.modes),
        "strategy": "quota" if snapshot.flag("account.refresh.enabled") else "random",
        "answer": refused_by_key(card, caller, route, now) or answer_of(found, now),
        "shelves": [shelf_body(shelf) for shelf in found.shelves],
        "units_left": found.units,
        "requests_last_hour": per_hour,
        "runs_dry_in_s": None if not per_hour else found.units * 3600 // per_hour,
    }


def media_of(route: Route) -> str:
    """The kind of media it makes that upstream counts; of films the usual one."""
    if route.capability == "image" and not is_lite(route):
        return "image_pro" if is_pro(route) else "image"
    return {"image_edit": "image_edit", "video": "video_720p"}.get(route.capability, "")


def card_named(name: str) -> KeyCard:
    row = ApiKey.objects.filter(Q(name=name) | Q(fingerprint=name)).first()
    if row is None:
        raise UnknownKey(name)
    return card_of(row)


def refused_by_key(
    card: KeyCard | None, caller: Caller, route: Route, now: float
) -> Json:
    """Why the key itself would be refused; empty if it would not.

    Of limits only those of the day are known outside the processes that serve.
    """
    if card is None:
        return {}
    used = stored(int(now // DAY_S)).get(card.id, Amount())
    permitted = caller.may_use(route.name) and bool(caller.admitted(route.pools))
    rows = (
        (not card.enabled, 401, "key_disabled"),
        (card.expired(now), 401, "key_expired"),
        (not permitted, 403, "model_not_allowed"),
        (over(used.requests, card.limits.requests_per_day), 429, "requests_per_day"),
        (over(used.tokens, card.limits.tokens_per_day), 429, "tokens_per_day"),
    )
    for refused, status, reason in rows:
        if refused:
            return {"status": "refused", "http_status": status, "reason": reason}
    return {}


def over(used: int, limit: int | None) -> bool:
    return limit is not None and used >= limit


def answer_of(found: Explanation, now: float) -> Json:
    """What a request would meet: an account, or which refusal and for how long."""
    chosen = found.chosen
    if chosen is not None:
        likely = [candidate.public_id for candidate in chosen.best]
        return {
            "status": "served",
            "mode": chosen.mode,
            "pool": chosen.pool,
            "likely_accounts": likely,
        }
    if not any(sum(shelf.states.values()) for shelf in found.shelves):
        return {"status": "no_accounts", "http_status": 503}
    until = found.recovers_at
    if not until:
        return {"status": "none_usable", "http_status": 503}
    return {
        "status": "busy_or_spent",
        "http_status": 429,
        "retry_after_s": max(1, int(until - now)),
        "recovers_at": moment(until),
    }


def shelf_body(shelf: Shelf) -> Json:
    return {
        "mode": shelf.mode,
        "pool": shelf.pool,
        "accounts": dict(shelf.states),
        "units_left": shelf.units,
        "next_recovery": moment(shelf.recovers_at) if shelf.recovers_at else None,
        "best": [asdict(candidate) for candidate in shelf.best],
    }


def recent_requests(route: Route) -> int:
    """Requests of the last hour for any model that spends the same quota."""
    same = [one.name for one in catalog.current().routes() if one.mode == route.mode]
    since = datetime.now(UTC) - LOOK_BACK
    records = RequestRecord.objects.filter(started_at__gte=since, model__in=same)
    return records.exclude(account="").count()


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
