from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.bench import pools, scenarios, soak, usage
from gateway.bench.stage import Stage, StageFailed
from gateway.bench.work import Findings

STAGE = Stage({}, Path("/nowhere"), 1, 2, 3, "key")
ANSWERED = Findings("gateway", 0, 0, 1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)


@pytest.fixture
def asked(monkeypatch):
    """Every request is answered; what was asked is kept."""
    works = []

    def findings(work):
        works.append(work)
        return [replace(ANSWERED, completed=work.requests)]

    monkeypatch.setattr(scenarios, "findings", findings)
    monkeypatch.setattr(scenarios, "expected", lambda stage, work: "words")
    monkeypatch.setattr(usage, "REST_S", 0.0)
    return works


def test_growth_counts_from_what_a_tenth_of_the_work_left(asked, monkeypatch):
    held = iter([200 * usage.MIB, 210 * usage.MIB])
    monkeypatch.setattr(
        usage, "sample", lambda pid: usage.Sample(1.0, next(held, 210 * usage.MIB))
    )
    found = soak.grown(STAGE, 1000, 100)
    assert [(work.requests, work.stream) for work in asked] == [
        (100, False),
        (10, True),
        (900, False),
        (90, True),
    ]
    assert all(work.expected == "words" for work in asked)
    assert found["answered, every tenth compared"] == 1100
    assert found["growth, %"] == pytest.approx(5.0)


def test_comparing_stores_needs_a_store():
    with pytest.raises(StageFailed, match="--database URL"):
        pools.stores(pools.Pool(1, {}, rounds=1, quick=True))


def test_each_round_compares_sqlite_and_the_store_given(monkeypatch):
    used = []

    @contextmanager
    def furnished(folder, accounts, store):
        used.append(store)
        yield replace(STAGE, env=store)

    monkeypatch.setattr(pools, "furnished", furnished)
    monkeypatch.setattr(scenarios, "expected", lambda stage, work: "words")
    monkeypatch.setattr(pools, "cost", lambda stage, work: 1.5 if stage.env else 1.0)
    given = {"DATABASE_URL": "postgres://127.0.0.1/x"}
    result = pools.stores(pools.Pool(1, given, rounds=2, quick=True))
    assert used == [{}, given]
    assert [figures["the store given against SQLite"] for figures in result.rounds] == [
        1.5,
        1.5,
    ]
