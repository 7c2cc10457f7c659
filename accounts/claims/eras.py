"""Whether claims are taken from Redis or the tables; eras fence one from the other.

Every process that claims from Redis is a member in the tables too. Who finds Redis away
turns to the tables, which begins an era; nothing is taken in it before everybody has
followed, with what it has in hand, or cannot be taking from Redis any more. The way
back is the same. A process follows after it has written down what it took.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from django.db.models import Q

from accounts.claims import membership
from accounts.claims.base import LIFE_S, SLOTS, Gone, Key, Me
from accounts.claims.tables import ClaimEra, ClaimMember, ClaimSlice
from grokgateway.jobs import bulk

# A process that cannot ask the tables may take from Redis for so long, as long as all
# the others are seen there; so may one that has vanished since.
ORPHAN_S = 600.0
RENEWED_S = 15.0  # by then a process that reaches the tables has been heard of again


@dataclass(frozen=True, slots=True)
class Standing:
    """The era as a member finds it, and who else there is."""

    era: int
    tables: bool
    settled: bool  # everybody has followed
    returns: bool  # everybody reaches Redis, and nobody is alone
    members: frozenset[str]


BEFORE = Standing(-2, tables=False, settled=False, returns=False, members=frozenset())


def enter(me: Me, before: str, *, alone: bool) -> tuple[Standing, bool]:
    """Register, alone if granted; `before` is the name this process had, if any.

    Where nobody else lives, Redis is asked first, in an era of its own.
    """
    era = locked_era()
    if before:
        membership.bury([before])
    now = membership.clock()
    living = bury_the_dead(now, me, era)
    if not living:
        era.number, era.tables = era.number + 1, False
        era.save()
    alone = alone and not living
    membership.register(me, now, alone=alone, era=era.number)
    return standing(era), alone


def confirm(
    me: Me,
    notes: Mapping[str, object],
    *,
    alone: bool,
    reaches: bool,
    there: Set[str] | None = None,
) -> Standing:
    """Live on; `there` are those in Redis, if it was just asked; raises `Gone`."""
    now = membership.clock()
    mine = ClaimMember.objects.filter(pk=me.id)
    if not mine.update(
        expires_at=now + LIFE_S, notes=dict(notes), alone=alone, reaches=reaches
    ):
        raise Gone
    era = ClaimEra.objects.get_or_create()[0]
    bury_the_dead(now, me, era, there)
    return standing(era)


def turn(number: int, *, tables: bool, stranger: bool) -> Standing:
    """End an era, unless somebody has; a stranger was never seen in Redis.

    Who cannot ask the tables takes at most `LIFE_S` to see that another has left Redis,
    and stops within as much again.
    """
    era = locked_era()
    now_is = standing(era)
    if era.number == number and era.tables != tables and (tables or now_is.returns):
        era.number, era.tables = number + 1, tables
        era.turned_at, era.stranger = membership.clock(), stranger
        era.save()
        return standing(era)
    return now_is


def follow(me: Me, number: int, held: Mapping[Key, int]) -> Standing:
    """Be of this era, with what is in hand, if it is the latest; raises `Gone`."""
    era = locked_era()
    mine = ClaimMember.objects.select_for_update().filter(pk=me.id)
    if not mine.values_list("pk").first():
        raise Gone
    if era.number == number:
        slots = ClaimSlice.objects.filter(member=me.id, mode=SLOTS)
        membership.unload(dict(slots.values_list("account", "count")))
        ClaimSlice.objects.filter(member=me.id).delete()
        if era.tables:
            hold(me, held)
        mine.update(era=number)
    return standing(era)


def hold(me: Me, held: Mapping[Key, int]) -> None:
    slots = {account: count for (account, mode), count in held.items() if mode == SLOTS}
    membership.occupy(me, slots)
    bulk.insert(
        ClaimSlice,
        ("member", "account", "mode", "count"),
        [(me.id, *key, count) for key, count in held.items() if count and key[1]],
    )


def number() -> int:
    return ClaimEra.objects.values_list("number", flat=True).first() or 0


def in_tables() -> bool:
    """Whether the tables, and not Redis, say what is left; for who copies."""
    return ClaimEra.objects.filter(tables=True).exists()


def locked_era() -> ClaimEra:
    found = ClaimEra.objects.select_for_update().first()
    if found is None:
        ClaimEra.objects.bulk_create([ClaimEra()], ignore_conflicts=True)
        found = ClaimEra.objects.select_for_update().get()
    return found


def standing(era: ClaimEra) -> Standing:
    members = ClaimMember.objects.all()
    return Standing(
        era.number,
        era.tables,
        settled=not members.exclude(era=era.number).exists(),
        returns=not members.filter(
            Q(reaches=False) | Q(alone=True) | ~Q(era=era.number)
        ).exists(),
        members=frozenset(members.values_list("pk", flat=True)),
    )


def bury_the_dead(
    now: float, me: Me, era: ClaimEra, there: Set[str] | None = None
) -> list[str]:
    """Returns who else lives, or may still be taking."""
    living: list[str] = []
    dead: list[str] = []
    for one in ClaimMember.objects.exclude(pk=me.id).order_by("id"):
        gone = one.place == me.place and one.born != membership.birth(one.pid)
        outside = there is not None and one.pk not in there
        ends = one.expires_at if outside else ends_at(one, era)
        (dead if gone or ends <= now else living).append(one.pk)
    if dead:
        membership.bury(dead)
    return living


def ends_at(one: ClaimMember, era: ClaimEra) -> float:
    """When it takes nothing any more, if it is not heard of again.

    Who had not been heard of for a while when the others turned to the tables may be
    cut off from them, and have taken what it could not write down.
    """
    if one.era == era.number:
        return one.expires_at + (0.0 if era.tables else ORPHAN_S)
    if not era.tables:
        return one.expires_at
    cut_off = one.expires_at - LIFE_S < era.turned_at - RENEWED_S
    wait_s = ORPHAN_S if cut_off or era.stranger else 2 * LIFE_S
    return max(one.expires_at, era.turned_at + wait_s)
