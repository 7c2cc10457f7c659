"""Explain for operators: what would happen to a request for a model now, and why."""

import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from accounts import explaining, store
from accounts.explaining import Explanation, Shelf
from accounts.wishes import Wanted
from gateway import catalog
from gateway.auth import OPEN, Caller
from gateway.catalog import Route
from gateway.models import RequestRecord
from grokgateway import config

LOOK_BACK = timedelta(hours=1)
Json = dict[str, object]


def explain(model: str, caller: Caller = OPEN) -> Json:
    """Reads all accounts and an hour of requests; raises GatewayError like a request.

    Times are ISO 8601, `runs_dry_in_s` is None where the present rate never empties it.
    """
    snapshot = config.current()
    route = catalog.load().route(model)
    fallback = snapshot.flag("features.auto_chat_mode_fallback")
    wanted = Wanted(caller.admitted(route.pools), route.modes(auto_fallback=fallback))
    now = time.time()
    rows = (row for page in store.load() for row in page)
    found = explaining.explain(rows, wanted, now)
    per_hour = recent_requests(route)
    return {
        "model": model,
        "pools": list(wanted.pools),
        "modes": list(wanted.modes),
        "strategy": "quota" if snapshot.flag("account.refresh.enabled") else "random",
        "answer": answer_of(found, now),
        "shelves": [shelf_body(shelf) for shelf in found.shelves],
        "units_left": found.units,
        "requests_last_hour": per_hour,
        "runs_dry_in_s": None if not per_hour else found.units * 3600 // per_hour,
    }


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
