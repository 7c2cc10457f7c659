"""Claims in the tables; `make services` runs these on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import store
from accounts.claims import membership, moves
from accounts.claims.base import LIFE_S, SLOTS, Back, Gone, Me, Rates, Want
from accounts.claims.tables import ClaimLoad, ClaimMember, ClaimSlice
from accounts.models import Account, QuotaWindow, StatusEvent
from accounts.rows import Use, WindowRow, Withdrawn
from accounts.store import syncs
from accounts.store.syncs import Asked, Reading
from accounts.store.values import seconds
from tests.factories import make_account

pytestmark = pytest.mark.django_db
ONE, OTHER = (Me(name * 4, name, "here", 0, 0) for name in "ab")
RATES = Rates(members=2, limit=8, by_quota=True)
KNOWN = WindowRow("fast", 140, 140, 7200)


@pytest.fixture
def account():
    return make_account(pool="super")


@pytest.fixture(autouse=True)
def members():
    for me in (ONE, OTHER):
        membership.join(me, {}, alone=False)


def window(account):
    return QuotaWindow.objects.get(account=account, mode="fast")


def want(account, **asked):
    return Want(account.pk, KNOWN, **(asked or {"units": 1, "slots": 1}))


def take(account, me=ONE, rates=RATES, **asked):
    (grant,) = moves.move(me, [], [want(account, **asked)], rates)
    return grant


def held(me=ONE):
    slices = ClaimSlice.objects.filter(member=me.id).order_by("account", "mode")
    return list(slices.values_list("mode", "count"))


def loads():
    return dict(ClaimLoad.objects.values_list("account", "slots"))


def test_what_is_taken_leaves_the_window_and_is_written_down(account):
    grant = take(account, units=3, slots=2)
    assert (grant.units, grant.slots, grant.window.remaining) == (3, 2, 137)
    assert window(account).remaining == 137
    assert seconds(window(account).reset_at) == pytest.approx(
        grant.window.reset_at, abs=1e-5
    )
    assert held() == [(SLOTS, 2), ("fast", 3)]
    assert loads() == {account.pk: 2}


def test_what_goes_back_is_there_again(account):
    grant = take(account, units=3, slots=2)
    backs = [
        Back(account.pk, SLOTS, 2, 0),
        Back(account.pk, "fast", 2, 0, grant.window.reset_at),
    ]
    moves.move(ONE, backs, [], RATES)
    assert window(account).remaining == 139
    assert (held(), loads()) == ([], {account.pk: 0})
    moves.move(ONE, backs, [], RATES)  # an answer was lost, the step is repeated
    assert (window(account).remaining, loads()) == (139, {account.pk: 0})


def test_units_of_another_period_do_not_go_back(account):
    grant = take(account, units=3, slots=1)
    back = Back(account.pk, "fast", 3, 0, grant.window.reset_at - 60)
    moves.move(ONE, [back], [], RATES)
    assert window(account).remaining == 137


def test_slots_of_all_members_count(account):
    for me in (ONE, OTHER):
        take(account, me, units=3, slots=3)
    grant = take(account, units=9, slots=9, held_slots=3, held_units=3)
    assert (grant.units, grant.slots, grant.busy) == (9, 2, False)
    assert take(account, OTHER, units=1, slots=1, held_slots=3, held_units=3).busy


def test_the_dead_give_up_slots_and_lose_their_units(account):
    take(account, OTHER, units=3, slots=3)
    ClaimMember.objects.filter(pk=OTHER.id).update(expires_at=0.0)
    (peer,) = membership.renew(ONE, {})
    assert peer.id == ONE.id
    assert (window(account).remaining, loads()) == (137, {account.pk: 0})
    assert held(OTHER) == []
    with pytest.raises(Gone):
        take(account, OTHER)
    with pytest.raises(Gone):
        membership.renew(OTHER, {})


def test_a_neighbour_whose_process_is_gone_is_buried_at_once():
    here = replace(ONE, id="x", place=membership.place(), born=1, pid=2**22 + 1)
    membership.join(here, {}, alone=False)
    assert len(membership.renew(ONE, {})) == 3
    me = replace(OTHER, id="y", place=here.place or "here")
    assert {peer.id for peer in membership.join(me, {}, alone=False)} == {
        ONE.id,
        OTHER.id,
        "y",
    }


def test_a_member_lives_thirty_seconds_from_its_renewal():
    membership.renew(ONE, {"breakers": []})
    row = ClaimMember.objects.get(pk=ONE.id)
    assert row.expires_at == pytest.approx(membership.clock() + LIFE_S, abs=2)


def test_only_the_first_is_alone_and_opens_up_later(account):
    ClaimMember.objects.all().delete()
    first, second = replace(ONE, id="f"), replace(OTHER, id="s")
    assert membership.join(first, {}, alone=True)[0].alone
    assert [p.alone for p in membership.join(second, {}, alone=True)] == [True, False]
    ClaimLoad.objects.create(account=999, slots=5)
    membership.open_up(first, {account.pk: 2, 7: 0})
    assert [peer.alone for peer in membership.peers()] == [False, False]
    assert loads() == {account.pk: 2}
    assert held(first) == [(SLOTS, 2)]
    with pytest.raises(Gone):
        membership.open_up(first, {})


def test_slots_in_use_are_written_down_whatever_the_limit(account):
    take(account, OTHER, units=1, slots=3)
    membership.join(replace(ONE, id="z"), {account.pk: 7}, alone=False)
    assert loads() == {account.pk: 10}
    assert take(account).busy


@pytest.mark.parametrize(
    "state",
    [
        {"status": "disabled"},
        {"status": "expired"},
        {"deleted_at": timezone.now()},
        {"cooling_until": timezone.now() + timedelta(hours=1)},
    ],
)
def test_nothing_is_taken_of_an_account_that_others_have_parked(account, state):
    Account.objects.filter(pk=account.pk).update(**state)
    grant = take(account)
    assert (grant.units, grant.slots) == (0, 0)
    assert grant.window.cooling_until > 0
    assert window(account).remaining == 140


def test_a_mode_that_is_gone_gives_nothing(account):
    QuotaWindow.objects.filter(account=account).delete()
    grant = take(account)
    assert (grant.units, grant.slots, grant.window.remaining) == (0, 0, 0)


def test_a_real_figure_has_what_is_in_hand_subtracted(account):
    take(account, units=3, slots=1)
    take(account, OTHER, units=2, slots=1)
    asked = Asked({"fast": Reading(20, 140, 7200), "auto": Reading(50, 50, 7200)})
    syncs.save_sync(account.pk, asked, timezone.now(), {"super": 7200})
    assert (window(account).remaining, window(account).source) == (15, "real")
    assert QuotaWindow.objects.get(account=account, mode="auto").remaining == 50


def shared_use(account, outcome, at=1000.0, **how):
    row = next(r for page in store.load() for r in page if r.id == account.pk)
    return Use(
        account.pk,
        at,
        succeeded=False,
        row=row,
        revision=row.revision,
        shared=True,
        outcome=outcome,
        request_id="req_1",
        **how,
    )


def test_what_two_processes_saw_adds_up(account):
    uses = [shared_use(account, "forbidden", at) for at in (1000.0, 1001.0, 1002.0)]
    before = store.current_revision()
    store.save_uses(uses[:2])
    store.save_uses(uses[2:])
    stored = Account.objects.get(pk=account.pk)
    assert (stored.status, stored.state_reason) == ("disabled", "forbidden")
    assert stored.strikes == [1000.0, 1001.0, 1002.0]
    assert stored.revision == before + 2
    assert StatusEvent.objects.get(account=account).request_id == "req_1"


def test_what_was_seen_before_an_operator_decided_does_not_count(account):
    late = shared_use(account, "invalid_credentials")
    store.restore([account.pk], by="me")
    store.save_uses([late])
    assert Account.objects.get(pk=account.pk).status == "active"


def test_an_emptied_window_reaches_the_others(account):
    empty = WindowRow("fast", 0, 140, 7200, 2e9, "estimated", 2e9)
    seen = store.current_revision()
    store.save_uses([shared_use(account, "", window=empty)])
    (row,) = [row for page in store.changes_since(seen) for row in page]
    (fast,) = [one for one in row.windows if one.mode == "fast"]
    assert fast == empty


def test_a_withdrawn_fault_is_undone_on_what_is_stored(account):
    first = shared_use(account, "unauthorized", 1000.0)
    store.save_uses([first, shared_use(account, "unauthorized", 1001.0)])
    assert Account.objects.get(pk=account.pk).status == "expired"
    gone = Withdrawn("unauthorized", 1000.0, first.row)
    store.save_uses([shared_use(account, "", 1002.0, withdrawn=gone)])
    stored = Account.objects.get(pk=account.pk)
    assert (stored.status, stored.unauthorized_at) == ("active", None)
