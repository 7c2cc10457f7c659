"""Rows of the wall: who sees what, what goes and comes back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from media import removals
from media.models import Asset
from webui.imagine import wall
from webui.imagine.frames import Start
from webui.imagine.wall import Ended, Viewer
from webui.models import Round, RoundState

pytestmark = pytest.mark.django_db
ME, OTHER, STAFF = Viewer("me"), Viewer("other"), Viewer("staff", everything=True)
NOW = timezone.now()


def drawn(owner="me", prompt="a kite", pictures=2, state=RoundState.SUCCESS):
    one = wall.begin(owner, "run", 1, Start(prompt))
    if state is not RoundState.RUNNING:
        wall.end(one.public_id, Ended(state))
    for number in range(pictures):
        public_id = f"{one.public_id[:30]}{number:02}"
        Asset.objects.create(
            kind="image",
            public_id=public_id,
            name=f"images/{public_id}.jpg",
            mime="image/jpeg",
            size=1,
            source="images",
            owner=owner,
            batch=one.public_id,
        )
    return one


def shown(viewer=ME, **options):
    page = wall.page(viewer, **options)
    return [(one.public_id, len(pictures)) for one, pictures in page.rounds]


def ids(one):
    return list(Asset.objects.filter(batch=one.public_id).values_list("public_id"))


def test_everybody_sees_their_own_and_staff_all():
    mine, others = drawn(), drawn("other")
    assert shown() == [(mine.public_id, 2)]
    assert shown(OTHER) == [(others.public_id, 2)]
    assert shown(STAFF) == [(others.public_id, 2), (mine.public_id, 2)]


def test_pages_follow_one_another():
    rounds = [drawn(pictures=1).public_id for _ in range(5)]
    first = wall.page(ME, most=2)
    second = wall.page(ME, before=first.more, most=2)
    last = wall.page(ME, before=second.more, most=2)
    pages = [first, second, last]
    seen = [one.public_id for page in pages for one, _ in page.rounds]
    assert seen == rounds[::-1]
    assert last.more == 0


def test_all_words_must_be_in_the_prompt(django_assert_max_num_queries):
    kite = drawn(prompt="A red Kite over the sea")
    drawn(prompt="a kite at night")
    with django_assert_max_num_queries(2):
        assert shown(words="kite sea") == [(kite.public_id, 2)]
    assert shown(words="boat") == []
    assert shown(words="%") == []


def test_rounds_without_pictures_are_shown_if_there_is_something_to_say():
    failed = drawn(pictures=0, state=RoundState.FAILED)
    drawn(pictures=0)
    assert shown() == [(failed.public_id, 0)]


def test_one_picture_goes_and_comes_back():
    one = drawn()
    ((first,), _) = ids(one)
    taken = wall.remove(ME, [], [first], NOW)
    assert taken.count == 1
    assert shown() == [(one.public_id, 1)]
    assert wall.undo(ME, taken.undo) == 1
    assert shown() == [(one.public_id, 2)]


def test_a_round_goes_with_its_last_picture_and_comes_back_with_it():
    one = drawn(state=RoundState.STOPPED)
    taken = wall.remove(ME, [], [public_id for (public_id,) in ids(one)], NOW)
    assert shown() == []
    wall.undo(ME, taken.undo)
    assert shown() == [(one.public_id, 2)]


def test_a_round_goes_whole_and_comes_back_without_what_went_before():
    one = drawn(pictures=3)
    ((first,), *_) = ids(one)
    wall.remove(ME, [], [first], NOW)
    taken = wall.remove(ME, [one.public_id], [], NOW)
    assert taken.count == 2
    assert shown() == []
    assert wall.undo(ME, taken.undo) == 2
    assert shown() == [(one.public_id, 2)]


def test_a_round_without_pictures_can_be_taken_off_too():
    one = drawn(pictures=0, state=RoundState.FAILED)
    taken = wall.remove(ME, [one.public_id], [], NOW)
    assert (taken.count, shown()) == (0, [])
    wall.undo(ME, taken.undo)
    assert shown() == [(one.public_id, 0)]


def test_nobody_else_can_take_anything_off_or_bring_it_back():
    one = drawn()
    named = [public_id for (public_id,) in ids(one)]
    taken = wall.remove(OTHER, [one.public_id], named, NOW)
    assert (taken.count, taken.undo) == (0, "")
    assert wall.picture(OTHER, named[0]) is None
    taken = wall.remove(ME, [one.public_id], [], NOW)
    assert wall.undo(OTHER, taken.undo) == 0
    assert wall.undo(OTHER, "") == 0
    assert wall.undo(STAFF, taken.undo) == 2


def test_files_of_other_kinds_are_not_on_the_wall():
    one = drawn()
    Asset.objects.filter(batch=one.public_id).update(batch="")
    assert shown() == []
    assert wall.remove(ME, [], [public_id for (public_id,) in ids(one)], NOW).count == 0


def test_a_round_that_a_dead_process_left_has_stopped():
    one = drawn(pictures=0, state=RoundState.RUNNING)
    assert wall.state_of(one, timezone.now()) == "running"
    assert wall.state_of(one, timezone.now() + wall.LOST_AFTER * 2) == "stopped"


def test_rounds_that_hold_nothing_are_forgotten():
    kept, failed, fresh, gone = (
        drawn(),
        drawn(pictures=0, state=RoundState.FAILED),
        drawn(pictures=0, state=RoundState.FAILED),
        drawn(pictures=0, state=RoundState.FAILED),
    )
    old = NOW - timedelta(days=2)
    Round.objects.filter(pk__in=[kept.pk, failed.pk]).update(created_at=old)
    wall.remove(ME, [gone.public_id], [], NOW - removals.GRACE * 2)
    assert wall.purge(NOW) == 2
    assert set(Round.objects.values_list("pk", flat=True)) == {kept.pk, fresh.pk}
