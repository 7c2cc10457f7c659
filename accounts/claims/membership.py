"""Who serves, in the tables: joining, living on, being buried."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from django.db import connection
from django.db.models import Sum

from accounts.claims.base import LIFE_S, SLOTS, Gone, Me, Peer
from accounts.claims.tables import ClaimLoad, ClaimMember, ClaimSlice
from accounts.store.revisions import take_revision
from grokgateway.jobs import bulk

CLOCKS = {
    "postgresql": "SELECT extract(epoch FROM clock_timestamp())",
    "mysql": "SELECT unix_timestamp(now(6))",
}


def clock() -> float:
    """The store's own time: hosts need not agree on theirs."""
    statement = CLOCKS.get(connection.vendor)
    if statement is None:  # a file, and whoever has it, is on one host
        return time.time()
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return float(cursor.fetchone()[0])


def join(me: Me, slots: Mapping[int, int], *, alone: bool) -> list[Peer]:
    take_revision()  # locks out whoever else joins
    now = clock()
    living = bury_the_dead(now, me)
    alone = alone and not living
    register(me, now, alone=alone)
    if not alone:
        occupy(me, slots)
    return peers()


def register(me: Me, now: float, *, alone: bool, era: int = 0) -> None:
    ClaimMember.objects.create(
        id=me.id,
        name=me.name,
        place=me.place,
        pid=me.pid,
        born=me.born,
        alone=alone,
        started_at=now,
        expires_at=now + LIFE_S,
        era=era,
    )


def renew(me: Me, notes: Mapping[str, object]) -> list[Peer]:
    now = clock()
    mine = ClaimMember.objects.filter(pk=me.id)
    if not mine.update(expires_at=now + LIFE_S, notes=dict(notes)):
        raise Gone
    bury_the_dead(now, me)
    return peers()


def peers() -> list[Peer]:
    rows = ClaimMember.objects.order_by("started_at", "id")
    return [
        Peer(*values) for values in rows.values_list("id", "name", "alone", "notes")
    ]


def elsewhere() -> bool:
    """Whether somebody serves whose processes are not to be seen from here."""
    living = ClaimMember.objects.filter(expires_at__gt=clock()).exclude(place="")
    return living.exclude(place=place()).exists()


def open_up(me: Me, slots: Mapping[int, int]) -> None:
    """Begin sharing: all claims anew, with the slots that are in use here."""
    if not ClaimMember.objects.filter(pk=me.id, alone=True).update(alone=False):
        raise Gone
    ClaimSlice.objects.all().delete()
    ClaimLoad.objects.all().delete()
    occupy(me, slots)


def occupy(me: Me, slots: Mapping[int, int]) -> None:
    """Write down slots that are in use already, whatever the limit."""
    used = {account: count for account, count in slots.items() if count > 0}
    bulk.insert(
        ClaimSlice,
        ("member", "account", "mode", "count"),
        [(me.id, account, SLOTS, count) for account, count in used.items()],
    )
    loads = locked_loads(used)
    bulk.insert(
        ClaimLoad,
        ("account", "slots"),
        [(account, loads.get(account, 0) + used[account]) for account in sorted(used)],
        unique=("account",),
    )


def bury_the_dead(now: float, me: Me) -> list[str]:
    """Take from the dead what they held; returns who else lives."""
    others = ClaimMember.objects.exclude(pk=me.id).order_by("id")
    found = list(others.values_list("id", "expires_at", "place", "pid", "born"))
    dead = [
        one
        for one, expires_at, place, pid, born in found
        if expires_at <= now or (place == me.place and born != birth(pid))
    ]
    if dead:
        bury(dead)
    return [one for one, *_ in found if one not in dead]


def bury(members: Sequence[str]) -> None:
    """Their slots are free again; their units count as spent."""
    locked = ClaimMember.objects.select_for_update().filter(pk__in=members)
    members = list(locked.order_by("id").values_list("pk", flat=True))
    slices = ClaimSlice.objects.filter(member__in=members)
    slots = slices.filter(mode=SLOTS).order_by("account").values_list("account")
    freed = dict(slots.annotate(total=Sum("count")))
    unload(freed)
    slices.delete()
    ClaimMember.objects.filter(pk__in=members).delete()


def unload(freed: Mapping[int, int]) -> None:
    loads = locked_loads(freed)
    bulk.execute(
        f"UPDATE {bulk.table(ClaimLoad)} SET slots = %s WHERE account = %s",  # noqa: S608 - a table's own name
        [
            (max(0, loads[account] - count), account)
            for account, count in freed.items()
            if account in loads
        ],
    )


def locked_loads(accounts: Iterable[int]) -> dict[int, int]:
    """Slots in hands by account, locked in one order until the transaction ends."""
    rows = ClaimLoad.objects.select_for_update().filter(account__in=list(accounts))
    return dict(rows.order_by("account").values_list("account", "slots"))


def place() -> str:
    """Where a pid means the same process to everybody; empty where that is unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return f"{boot.strip()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def birth(pid: int) -> int:
    """When this process began, in ticks of the kernel; 0 if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0
    after_name = fields.rpartition(")")[2].split()
    return 0 if after_name[0] == "Z" else int(after_name[19])
