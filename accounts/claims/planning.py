"""What to ask of the store for the requests that wait, and in advance."""

import random
from collections.abc import Iterable, Iterator, Mapping

from accounts.claims.base import Rates, Want
from accounts.claims.purse import Purse
from accounts.entries import FAILED_RANK
from accounts.ready import COMPARE_ALL_UP_TO, Shelf, Stock

UNITS_AT_ONCE = 8
STOCKS_AT_ONCE = 64
SPARE_LEAST = 32
SINGLE_HOLDS = 64
PART = 4  # at most this part of a member's even share of accounts is held in advance


def goal(shelf: Shelf, members: int, peak: int) -> int:
    """How many accounts to hold in advance: enough for a burst, not the others'."""
    if members == 1:
        return min(SINGLE_HOLDS, shelf.usable)
    return min(SPARE_LEAST + 2 * peak, shelf.usable // (PART * members))


def spare(rates: Rates) -> tuple[int, int]:
    """Units and slots to take in advance of one account."""
    slots = rates.limit if rates.members == 1 else 1
    return (UNITS_AT_ONCE if rates.by_quota else 0), slots


def wants(
    purse: Purse,
    waiting: Mapping[Shelf, int],
    goals: Mapping[Shelf, int],
    rates: Rates,
) -> list[tuple[Stock, Want]]:
    """Asked by shelf, the least loaded first, and of stocks that run low."""
    found: dict[Stock, Want] = {}
    for shelf in {**waiting, **goals}:
        missing = max(0, goals.get(shelf, 0) - len(shelf.ready))
        for stock, want in of_shelf(
            purse, shelf, waiting.get(shelf, 0), missing, rates
        ):
            found[stock] = want
    if rates.by_quota:
        for stock in list(purse.low)[:STOCKS_AT_ONCE]:
            if stock not in found and purse.held_slots(stock.entry):
                found[stock] = want_of(purse, stock, 0, rates)
    return sorted(found.items(), key=lambda pair: pair[0].entry.id)


def of_shelf(
    purse: Purse, shelf: Shelf, waiting: int, missing: int, rates: Rates
) -> Iterator[tuple[Stock, Want]]:
    chosen = candidates(shelf, min(STOCKS_AT_ONCE, waiting + missing))
    each, rest = divmod(waiting, len(chosen)) if chosen else (0, 0)
    for number, stock in enumerate(chosen):
        need = each + (number < rest)
        yield stock, want_of(purse, stock, need, rates)


def candidates(shelf: Shelf, count: int) -> list[Stock]:
    """The least loaded of the fallow, or of some drawn where there are many."""
    fallow: Iterable[Stock] = shelf.fallow
    if len(shelf.fallow) > COMPARE_ALL_UP_TO:
        drawn = min(len(shelf.fallow), max(COMPARE_ALL_UP_TO, 2 * count))
        fallow = random.sample(shelf.fallow, drawn)
    return sorted(fallow, key=load)[:count]


def load(stock: Stock) -> tuple[float, bool, float]:
    """What it bears; equal ones by chance, or all processes would choose the same."""
    entry = stock.entry
    failed = entry.rank() >= FAILED_RANK / 2
    return entry.inflight + stock.used() / 2, failed, random.random()


def want_of(purse: Purse, stock: Stock, need: int, rates: Rates) -> Want:
    """`need` calls wait for it; with 0 it is asked in advance."""
    entry = stock.entry
    free_slots, free_units = purse.free_slots(entry), purse.in_hand(stock)
    spare_units, spare_slots = spare(rates)
    crowded = rates.members > 1 and (need or free_slots)
    return Want(
        account=entry.id,
        window=stock.row(),
        units=max(0, need - free_units) if rates.by_quota else 0,
        slots=max(0, need - free_slots),
        spare_units=max(0, spare_units - free_units - need),
        spare_slots=0 if crowded else max(0, spare_slots - free_slots - need),
        held_units=free_units + stock.held,
        held_slots=purse.held_slots(entry),
        free_units=free_units,
        free_slots=free_slots,
    )
