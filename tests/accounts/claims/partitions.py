"""Processes that reach Redis, the tables, both or neither, as a test says.

The tables are real. Redis is in memory, and each process has its own way to it.
"""

import asyncio
import time
from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import cast

from django.db import connection

from accounts.claims.base import LIFE_S, SLOTS, Gone, Key, Peer, Unreachable
from accounts.claims.fallover import Fallover
from accounts.claims.member import Member
from accounts.claims.moves import Sheet
from accounts.claims.redis import RedisStore
from accounts.claims.sql import SqlStore
from accounts.directory import Directory, Rules
from accounts.errors import NoAccountAvailable
from accounts.rows import WindowRow
from accounts.store.copies import COPIES
from tests.accounts.directories import FAST

LIMIT = 4


async def off_loop(call, *arguments):
    """In a thread that leaves no connection behind."""

    def run():
        try:
            return call(*arguments)
        finally:
            connection.close()

    return await asyncio.to_thread(run)


class Clock:
    """One for all; each look at it takes a moment."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        self.now += 0.001
        return self.now


@dataclass
class Server:
    """What Redis holds."""

    clock: Clock
    era: int = 0
    windows: dict[Key, WindowRow] = field(default_factory=dict)
    loads: dict[int, int] = field(default_factory=dict)
    members: dict[str, Peer] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)
    slices: dict[str, dict[Key, int]] = field(default_factory=dict)

    def forget(self):
        self.windows.clear()
        self.loads.clear()
        self.members.clear()
        self.ends.clear()
        self.slices.clear()

    def bury(self, member):
        self.members.pop(member, None)
        self.ends.pop(member, None)
        for (account, mode), count in self.slices.pop(member, {}).items():
            if mode == SLOTS:
                self.loads[account] -= count

    def bury_the_dead(self, but):
        now = self.clock()
        for one in [one for one, at in self.ends.items() if at <= now and one != but]:
            self.bury(one)


class WayToRedis:
    def __init__(self, server):
        self.server = server
        self.cut = False
        self.outbox = Outbox()

    def step(self):
        if self.cut:
            raise Unreachable("cut")
        return self.server

    async def join(self, me, slots, *, alone, era):
        server = self.step()
        server.bury_the_dead(me.id)
        if server.era != era:
            server.forget()
            server.era = era
        if not server.members:
            server.forget()
        alone = alone and not server.members
        server.members[me.id] = Peer(me.id, me.name, alone, {})
        server.ends[me.id] = server.clock() + LIFE_S
        server.slices[me.id] = {}
        for account, count in slots.items():
            server.slices[me.id][account, SLOTS] = count
            server.loads[account] = server.loads.get(account, 0) + count
        return list(server.members.values())

    async def renew(self, me, notes):
        server = self.step()
        if me.id not in server.members:
            raise Gone
        server.ends[me.id] = server.clock() + LIFE_S
        server.bury_the_dead(me.id)
        return list(server.members.values())

    async def peers(self, me):
        return list(self.step().members.values())

    async def open(self, me, slots):
        server = self.step()
        server.members[me.id] = replace(server.members[me.id], alone=False)
        server.windows.clear()
        server.slices = {me.id: {(a, SLOTS): n for a, n in slots.items()}}
        server.loads = dict(slots)

    async def move(self, me, backs, wants, rates):
        server = self.step()
        if me.id not in server.members:
            raise Gone
        for want in wants:
            key = (want.account, want.window.mode)
            left = want.window.remaining - want.free_units
            server.windows.setdefault(key, replace(want.window, remaining=left))
        sheet = Sheet(server.loads, server.windows, server.slices[me.id])
        for back in backs:
            sheet.give_back(back, time.time())
        grants = [sheet.take(want, rates, time.time()) for want in wants]
        for account, mode in sheet.changed:
            self.outbox.rows.append((account, server.windows[account, mode]))
        return grants

    async def leave(self, me, backs):
        self.step().bury(me.id)

    async def ping(self):
        self.step()

    async def aclose(self):
        pass


class WayToTables(SqlStore):
    cut = False

    async def run(self, step):
        if self.cut:
            raise Unreachable("cut")
        return await super().run(step)


OUTBOX: ContextVar["Outbox"] = ContextVar("OUTBOX")


class Outbox:
    """What one process has yet to write down."""

    process: "Process"

    def __init__(self):
        self.rows = []

    def put(self, sink, row):
        pass

    async def flush(self):
        if self.process.tables.cut:
            return False
        rows, self.rows = self.rows, []
        await off_loop(COPIES.write, rows)
        return True


class Process:
    def __init__(self, server, clock, rows):
        self.redis, self.tables = WayToRedis(server), WayToTables()
        self.outbox = self.redis.outbox
        self.outbox.process = self
        self.directory = Directory(Rules(max_inflight=LIMIT))
        self.rows = rows
        redis = cast(RedisStore, self.redis)  # as far as it is used
        shared = Fallover(redis, self.tables, self.reread, clock)
        self.member = Member(shared, lambda: self.directory, clock, reread=self.reread)
        self.held = []
        self.said = Counter[str]()

    async def reread(self):
        if self.tables.cut:
            raise Unreachable("cut")
        self.directory.take_over(await off_loop(self.rows), time.time())

    async def start(self, *, alone=False):
        OUTBOX.set(self.outbox)
        await self.member.join(alone=alone)
        await self.member.welcomed()
        self.directory.apply(await off_loop(self.rows), time.time())
        return self

    async def beat(self):
        OUTBOX.set(self.outbox)
        await self.member.beat()

    async def claim(self):
        OUTBOX.set(self.outbox)
        try:
            entry, mode, _ = await self.member.trade.claim(FAST, frozenset(), None)
        except NoAccountAvailable as absence:
            self.said[absence.reason] += 1
            return False
        self.said["taken"] += 1
        self.held.append((entry, mode, self.member.circle.me.id))
        return True

    def release(self):
        entry, mode, _ = self.held.pop()
        self.directory.release(entry, mode, time.time(), refund=False)

    @property
    def taken(self):
        return self.said["taken"]

    @property
    def in_use(self):
        """Slots that others reckon with: none from before it was taken for dead."""
        circle = self.member.circle
        if circle.lapsed:
            return 0
        return sum(member == circle.me.id for *_, member in self.held)
