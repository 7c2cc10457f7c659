"""The shares of limits in the tables: each step says what is kept and takes more.

The row of a key is locked first, so that what all hold together and what is stored as
used never exceeds the limit. A step may be repeated: it says what is held afterwards.
"""

import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import F, Q, Sum
from django.db.models.functions import Greatest

from accounts.claims import membership
from gateway.keys.hands import MINUTE, NO_DAY, REQUESTS, TOKENS, Got, Want
from gateway.keys.meters import MINUTE_S, Amount
from gateway.models import ApiKey, KeyUsage
from gateway.share_tables import KeyMember, KeyShare
from grokgateway.jobs import bulk

LIFE_S = 30.0
RESERVE = 4  # of what is free, each process takes this part of its even share
EPOCH = date(1970, 1, 1)
COLUMNS = ("key", "kind", "member", "day", "count", "expires_at")
Granted = dict[str, Got]


@dataclass(frozen=True, slots=True)
class Me:
    """This process, as the others can tell whether it still runs."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    place: str = field(default_factory=membership.place)
    pid: int = field(default_factory=os.getpid)
    born: int = field(default_factory=lambda: membership.birth(os.getpid()))


def attend(me: Me, *, renew: bool) -> int:
    """Bury the dead and, if asked, live on; returns how many others there are."""
    now = membership.clock()
    found = KeyMember.objects.exclude(pk=me.id).order_by("id")
    others = list(found.values_list("id", "expires_at", "place", "pid", "born"))
    dead = [
        one
        for one, expires_at, place, pid, born in others
        if expires_at <= now or (place == me.place and born != membership.birth(pid))
    ]
    living = len(others) - len(dead)
    if dead:
        bury(dead, now, living)
    if renew:
        live_on(me, now)
    return living


def live_on(me: Me, now: float) -> None:
    until = now + LIFE_S
    if not KeyMember.objects.filter(pk=me.id).update(expires_at=until):
        KeyMember.objects.create(
            id=me.id, place=me.place, pid=me.pid, born=me.born, expires_at=until
        )


def bury(members: Sequence[str], now: float, living: int) -> None:
    """Their places are free; requests of the last minute count on while others serve.

    What they had spent of a day and not stored is lost with them.
    """
    shares = KeyShare.objects.filter(member__in=members)
    if living:
        shares.filter(kind=MINUTE, expires_at=None).update(expires_at=now + MINUTE_S)
        shares = shares.exclude(kind=MINUTE)
    shares.delete()
    KeyShare.objects.filter(expires_at__lte=now).delete()
    KeyMember.objects.filter(pk__in=members).delete()


def move(
    me: Me, wants: Mapping[int, Sequence[Want]], others: int
) -> dict[int, Granted]:
    """Keep what is said and take more, by key; alone, all there is.

    Keys that are gone get nothing. Call it inside a transaction.
    """
    keys = ApiKey.objects.select_for_update().filter(pk__in=list(wants))
    known = list(keys.order_by("pk").values_list("pk", flat=True))
    held = held_by_others(me, known)
    days = {want.day for one in known for want in wants[one]} - {NO_DAY}
    used = used_on(days, known)
    granted: dict[int, Granted] = {}
    rows = []
    for key in known:
        granted[key] = {}
        for want in wants[key]:
            theirs = held.get((key, want.kind, want.day), 0)
            spent = used.get((key, want.kind, want.day), 0)
            free = max(0, want.limit - theirs - spent - want.keep)
            units = slice_of(free, want, others)
            granted[key][want.kind] = Got(units, theirs, spent)
            place = (key, want.kind, me.id, want.day)
            rows.append((*place, want.keep + units, None))
    bulk.insert(KeyShare, COLUMNS, rows, unique=("key", "kind", "member"))
    return granted


def slice_of(free: int, want: Want, others: int) -> int:
    """What is scarce goes by ones; of plenty, some more for the next requests."""
    if not others:
        return free
    if not want.units:
        return 0
    needed = min(free, want.units)
    return needed + (free - needed) // (RESERVE * (others + 1))


def held_by_others(me: Me, keys: Iterable[int]) -> dict[tuple[int, str, int], int]:
    now = membership.clock()
    rows = KeyShare.objects.filter(key__in=list(keys)).exclude(member=me.id)
    rows = rows.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    sums = rows.values_list("key", "kind", "day").annotate(total=Sum("count"))
    return {(key, kind, day): total for key, kind, day, total in sums}


def used_on(
    days: Iterable[int], keys: Iterable[int]
) -> dict[tuple[int, str, int], int]:
    found: dict[tuple[int, str, int], int] = {}
    dates = [EPOCH + timedelta(days=day) for day in days]
    for row in KeyUsage.objects.filter(key__in=list(keys), day__in=dates):
        day = (row.day - EPOCH).days
        found[row.key_id, REQUESTS, day] = row.requests
        found[row.key_id, TOKENS, day] = row.prompt_tokens + row.completion_tokens
    return found


def stored(member: str, key: int, day: int, amount: Amount) -> None:
    """What was spent is in the usage of the day now, and in no hand any more."""
    for kind, count in ((REQUESTS, amount.requests), (TOKENS, amount.tokens)):
        if count:
            mine = KeyShare.objects.filter(member=member, key=key, kind=kind, day=day)
            mine.update(count=Greatest(F("count") - count, 0))


def leave(me: Me, in_minute: Mapping[int, int], others: int) -> None:
    """Give everything back; requests of the last minute count on for the others."""
    KeyShare.objects.filter(member=me.id).exclude(kind=MINUTE).delete()
    for key, count in in_minute.items():
        mine = KeyShare.objects.filter(member=me.id, key=key, kind=MINUTE)
        mine.update(count=count)
    bury([me.id], membership.clock(), others)


def purge() -> None:
    """Drop shares of keys that are gone."""
    keys = ApiKey.objects.values("pk")
    KeyShare.objects.exclude(key__in=keys).delete()
