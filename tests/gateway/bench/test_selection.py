from gateway.bench import selection


def test_choices_are_timed_and_every_slot_is_given_back():
    directory = selection.filled(200, now=1_000_000.0)
    figures = selection.measured(directory, 500)
    assert 0 < figures["choice p50, us"] <= figures["choice worst, us"]
    entries = [directory.entry(number) for number in range(1, 201)]
    assert not any(entry.inflight for entry in entries if entry)


def test_a_tenth_is_cooling():
    cooling = [row for row in selection.rows(200, now=0.0) if row.cooling_until]
    assert len(cooling) == 20
    assert {row.pool for row in cooling} == {"basic", "super"}
