import pytest

from accounts.tiers import Tier, decided, spoken_for

SUPER = {"auto": 50, "fast": 140, "expert": 50}
HEAVY = {"auto": 150, "fast": 400, "heavy": 20}
BASIC = {"fast": 30}


@pytest.mark.parametrize(
    ("totals", "tier"),
    [
        ({"auto": 7}, "basic"),
        ({"auto": 20}, "basic"),
        (SUPER, "super"),
        (HEAVY, "heavy"),
        (BASIC, "basic"),
        ({"heavy": 1}, "heavy"),
        ({"auto": 150, "fast": 140}, "super"),
        ({"auto": 50, "fast": 30}, "basic"),
        ({"auto": 99}, ""),
        ({"heavy": 0}, ""),
        ({}, ""),
    ],
)
def test_known_totals_tell_the_tier_and_the_lower_one_holds(totals, tier):
    assert spoken_for(totals) == tier


def test_an_account_of_unknown_tier_is_promoted_or_confirmed():
    assert decided(Tier("basic", "auto"), SUPER) == Tier("super", "inferred")
    assert decided(Tier("basic", "auto"), BASIC) == Tier("basic", "inferred")


def test_an_operators_word_is_never_overridden():
    assert decided(Tier("heavy", "operator"), BASIC) == Tier("heavy", "operator")


def test_a_tier_falls_only_when_two_complete_answers_agree():
    now = Tier("super", "imported")
    once = decided(now, BASIC, refused=True)
    assert once == Tier("super", "imported", "basic")
    assert decided(once, SUPER) == now
    assert decided(once, BASIC, refused=True) == Tier("basic", "inferred")


def test_a_partial_answer_never_lowers_a_tier():
    now = Tier("super", "inferred")
    assert decided(now, BASIC) == now
    assert decided(Tier("super", "inferred", "basic"), BASIC).pool == "super"


def test_unknown_totals_say_nothing():
    now = Tier("super", "imported", "basic")
    assert decided(now, {"auto": 33, "fast": 44}) == now
