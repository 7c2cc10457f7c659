"""Units and slots that change hands, in the tables; one transaction a move."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from accounts.claims.base import SLOTS, Back, Gone, Grant, Key, Me, Rates, Want
from accounts.claims.membership import locked_loads
from accounts.claims.shares import renewed, share
from accounts.claims.tables import ClaimLoad, ClaimMember, ClaimSlice
from accounts.models import Account, QuotaWindow
from accounts.quotas import SAME_PERIOD_S
from accounts.rows import WindowRow
from accounts.store.values import moment, seconds
from grokgateway.jobs import bulk

PUT_OFF_S = 1.0  # until the change feed tells what became of an account
WINDOW_COLUMNS = (
    "account_id",
    "mode",
    "remaining",
    "total",
    "window_s",
    "reset_at",
    "source",
    "cooling_until",
)


@dataclass(slots=True)
class Sheet:
    """What is locked and changed within one move.

    `slices` is what the member holds according to the store. Where that is more than
    it says itself, an answer was lost on the way: such units count as spent, such
    slots are free again.
    """

    loads: dict[int, int]
    windows: dict[Key, WindowRow]
    slices: dict[Key, int]
    kept: dict[Key, int] = field(default_factory=dict)
    loaded: set[int] = field(default_factory=set)
    changed: set[Key] = field(default_factory=set)

    def hold(self, key: Key, count: int) -> int:
        """The member holds so many from now on; returns how many it held before."""
        before = self.slices.get(key, 0)
        self.slices[key] = self.kept[key] = count
        if key[1] == SLOTS and count != before:
            self.loads[key[0]] = max(0, self.loads.get(key[0], 0) + count - before)
            self.loaded.add(key[0])
        return before

    def give_back(self, back: Back, now: float) -> None:
        key = (back.account, back.mode)
        returned = min(back.count, self.hold(key, back.kept) - back.kept)
        window = self.windows.get(key)
        if window is None or returned <= 0:
            return
        window = renewed(window, now)
        if abs(window.reset_at - back.reset_at) < SAME_PERIOD_S:
            remaining = min(window.total, window.remaining + returned)
            self.windows[key] = replace(window, remaining=remaining)
            self.changed.add(key)

    def take(self, want: Want, rates: Rates, now: float) -> Grant:
        key = (want.account, want.window.mode)
        window = self.windows.get(key)
        if window is None:  # deleted or parked since; the change feed will tell
            gone = replace(want.window, remaining=0, cooling_until=now + PUT_OFF_S)
            return Grant(*key, 0, 0, gone)
        self.hold((want.account, SLOTS), want.held_slots)
        load = self.loads.get(want.account, 0)
        given = share(window, load, want, rates, now)
        self.hold((want.account, SLOTS), want.held_slots + given.slots)
        if given.units:
            self.windows[key] = given.window
            self.changed.add(key)
        self.hold(key, want.held_units + given.units)
        return Grant(*key, given.units, given.slots, given.window, given.busy)


def move(
    me: Me, backs: Sequence[Back], wants: Sequence[Want], rates: Rates
) -> list[Grant]:
    mine = ClaimMember.objects.select_for_update().filter(pk=me.id)
    if not mine.values_list("pk").first():
        raise Gone
    now = time.time()
    accounts = sorted({b.account for b in backs} | {w.account for w in wants})
    loads = all_loads(accounts)
    windows = locked_windows(accounts, modes_of(backs, wants))
    sheet = Sheet(loads, windows, slices_of(me, accounts))
    for back in backs:
        sheet.give_back(back, now)
    close_parked(sheet, {want.account for want in wants}, now)
    grants = [sheet.take(want, rates, now) for want in wants]
    save(sheet, me)
    return grants


def slices_of(me: Me, accounts: Sequence[int]) -> dict[Key, int]:
    mine = ClaimSlice.objects.filter(member=me.id, account__in=accounts)
    found = mine.values_list("account", "mode", "count")
    return {(account, mode): count for account, mode, count in found}


def modes_of(backs: Sequence[Back], wants: Sequence[Want]) -> set[str]:
    modes = {want.window.mode for want in wants}
    return modes | {back.mode for back in backs if back.mode != SLOTS}


def all_loads(accounts: Sequence[int]) -> dict[int, int]:
    loads = locked_loads(accounts)
    if len(loads) == len(accounts):
        return loads
    missing = [ClaimLoad(account=one) for one in accounts if one not in loads]
    ClaimLoad.objects.bulk_create(missing, ignore_conflicts=True)
    return locked_loads(accounts)


def locked_windows(
    accounts: Sequence[int], modes: Iterable[str]
) -> dict[Key, WindowRow]:
    rows = QuotaWindow.objects.select_for_update().filter(
        account_id__in=accounts, mode__in=list(modes)
    )
    found = rows.order_by("account_id", "mode").values_list(*WINDOW_COLUMNS)
    return {
        (account, mode): WindowRow(
            mode, remaining, total, window_s, seconds(reset_at), source, seconds(until)
        )
        for account, mode, remaining, total, window_s, reset_at, source, until in found
    }


def close_parked(sheet: Sheet, accounts: set[int], now: float) -> None:
    """Accounts that another process has parked, which is not known here yet."""
    stored = Account.objects.filter(pk__in=list(accounts))
    found = stored.values_list("pk", "status", "deleted_at", "cooling_until")
    usable = {
        pk: seconds(cooling)
        for pk, status, deleted, cooling in found
        if deleted is None and status in {"active", "cooling"}
    }
    for key, window in list(sheet.windows.items()):
        if key[0] not in accounts:
            continue
        cooling_until = usable.get(key[0])
        if cooling_until is None:
            del sheet.windows[key]
        elif cooling_until > max(now, window.cooling_until):
            sheet.windows[key] = replace(window, cooling_until=cooling_until)


def save(sheet: Sheet, me: Me) -> None:
    bulk.execute(
        f"UPDATE {bulk.table(QuotaWindow)} SET remaining = %s, reset_at = %s, "  # noqa: S608 - a table's own name
        "source = %s WHERE account_id = %s AND mode = %s",
        bulk.prepared(
            QuotaWindow,
            ("remaining", "reset_at", "source", "account", "mode"),
            [
                (w.remaining, moment(w.reset_at), w.source, *key)
                for key in sorted(sheet.changed)
                for w in (sheet.windows[key],)
            ],
        ),
    )
    bulk.execute(
        f"UPDATE {bulk.table(ClaimLoad)} SET slots = %s WHERE account = %s",  # noqa: S608 - a table's own name
        [(sheet.loads[account], account) for account in sorted(sheet.loaded)],
    )
    kept = [(me.id, *key, count) for key, count in sheet.kept.items() if count > 0]
    bulk.insert(
        ClaimSlice,
        ("member", "account", "mode", "count"),
        kept,
        unique=("member", "account", "mode"),
    )
    bulk.execute(
        f"DELETE FROM {bulk.table(ClaimSlice)} "  # noqa: S608 - a table's own name
        "WHERE member = %s AND account = %s AND mode = %s",
        [(me.id, *key) for key, count in sheet.kept.items() if count <= 0],
    )
