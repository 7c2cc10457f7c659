from gateway.refusals import ALL_PER_MIN, EACH_PER_MIN, RefusalBudget


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_each_origin_has_a_few_a_minute():
    clock = Clock()
    refusals = RefusalBudget(clock)
    taken = [refusals.worth_recording("a") for _ in range(EACH_PER_MIN + 5)]
    assert taken.count(True) == EACH_PER_MIN
    assert refusals.worth_recording("b")
    clock.now += 59.9
    assert not refusals.worth_recording("a")
    clock.now += 0.1
    assert refusals.worth_recording("a")


def test_all_origins_together_have_a_bound(caplog):
    clock = Clock()
    refusals = RefusalBudget(clock)
    taken = [refusals.worth_recording(f"origin {n}") for n in range(10_000)]
    assert taken.count(True) == ALL_PER_MIN
    clock.now += 60
    assert refusals.worth_recording("x")
    assert f"{10_000 - ALL_PER_MIN} refused requests have no record" in caplog.text
