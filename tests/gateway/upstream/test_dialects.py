"""When the other form of an operation is spoken, and for how long."""

import pytest

from gateway.errors import Kind, UpstreamFailure, UpstreamFault
from gateway.upstream import dialects
from gateway.upstream.dialects import (
    OTHER_FOR_S,
    REMEMBERED_S,
    SKEW_S,
    Dialects,
    Proof,
    Switch,
    spoken,
)
from gateway.upstream.headers import Login
from tests.gateway.upstream.stand_in import Chosen

ANNE, BERT, CARL = Login("anne"), Login("bert"), Login("carl")
AUTO = Chosen()


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def learnt(clock, monkeypatch):
    made = Dialects(clock)
    monkeypatch.setattr(dialects, "HOME", made)
    return made


class Service:
    """Takes some forms, and has nothing where the others were."""

    def __init__(self, *taken):
        self.taken = taken
        self.asked = []

    async def __call__(self, form):
        self.asked.append(form)
        if form in self.taken:
            return form
        failure = UpstreamFailure(
            Kind.UPSTREAM_ERROR, "no", fault=UpstreamFault.SERVER, status=404
        )
        failure.absent = True
        raise failure


async def missed(service, login, settings=AUTO, operation="chat"):
    with pytest.raises(UpstreamFailure) as caught:
        await spoken(operation, login, settings, service)
    return caught.value


@pytest.mark.parametrize(
    ("operation", "first", "other"),
    [
        ("chat", "rest", "gateway"),
        ("upload", "v2", "v3"),
        ("image_edit", "v2", "v3"),
        ("video", "v2", "v3"),
    ],
)
async def test_two_accounts_turn_an_operation(learnt, operation, first, other):
    service = Service(other)
    failure = await missed(service, ANNE, operation=operation)
    assert failure.fault is UpstreamFault.MOVED
    assert failure.retryable
    assert not failure.charged
    assert await spoken(operation, BERT, AUTO, service) == other
    assert await spoken(operation, ANNE, AUTO, service) == other
    assert service.asked == [first, first, other, other]


async def test_one_account_turns_nothing(learnt):
    service = Service("gateway")
    for _ in range(3):
        await missed(service, ANNE)
    assert service.asked == ["rest"] * 3
    assert learnt.news() == []


async def test_a_success_in_between_is_an_alibi(learnt):
    service = Service("gateway")
    await missed(service, ANNE)
    await spoken("chat", BERT, AUTO, Service("rest"))
    await missed(service, CARL)
    assert learnt.form("chat", AUTO) == "rest"


async def test_operations_turn_one_by_one(learnt):
    await missed(Service("v3"), ANNE, operation="video")
    await missed(Service("v3"), BERT, operation="upload")
    assert {learnt.form(name, AUTO) for name in ("video", "upload")} == {"v2"}


async def test_after_an_hour_the_first_form_is_tried_again(learnt, clock):
    service = Service("gateway")
    await missed(service, ANNE)
    await spoken("chat", BERT, AUTO, service)
    clock.now += OTHER_FOR_S - 1
    assert learnt.form("chat", AUTO) == "gateway"
    clock.now += 1
    assert learnt.form("chat", AUTO) == "rest"
    await spoken("chat", ANNE, AUTO, Service("rest"))
    assert learnt.form("chat", AUTO) == "rest"


async def test_where_the_other_is_gone_too_the_first_is_spoken_again(learnt):
    await missed(Service("gateway"), ANNE)
    await spoken("chat", BERT, AUTO, Service("gateway"))
    back = Service("rest")
    await missed(back, ANNE)
    assert await spoken("chat", BERT, AUTO, back) == "rest"
    assert back.asked == ["gateway", "gateway", "rest"]


async def test_where_both_are_gone_it_ends(learnt):
    nothing = Service()
    await missed(nothing, ANNE)
    await missed(nothing, BERT)
    assert nothing.asked == ["rest", "rest", "gateway"]


async def test_a_chosen_form_stays(learnt):
    chosen = Chosen(upstream__chat_protocol="rest")
    service = Service("gateway")
    for login in (ANNE, BERT, CARL):
        failure = await missed(service, login, chosen)
        assert failure.fault is UpstreamFault.SERVER
    assert service.asked == ["rest"] * 3


async def test_other_failures_turn_nothing(learnt):
    async def broken(_form):
        raise UpstreamFailure(Kind.UPSTREAM_ERROR, "no", fault=UpstreamFault.SERVER)

    for login in (ANNE, BERT):
        await missed(broken, login)
    assert learnt.form("chat", AUTO) == "rest"


async def test_what_one_process_learns_others_are_told(learnt, clock):
    await missed(Service("gateway"), ANNE)
    await spoken("chat", BERT, AUTO, Service("gateway"))
    news = learnt.news()
    assert news == [Switch("chat", "gateway", 1000.0, 1000.0 + OTHER_FOR_S)]
    learnt.told(news)
    assert learnt.news() == []
    clock.now += 2
    other = Dialects(clock)
    other.adopt(news)
    assert other.form("chat", AUTO) == "gateway"
    other.adopt([Switch("chat", "gateway", 1001.0, 1001.0)])
    assert other.form("chat", AUTO) == "rest"
    other.adopt(news)
    assert other.form("chat", AUTO) == "rest"


def failing(fault, status=None, *, absent_first=True):
    """The first form is gone, the other fails otherwise."""

    async def work(form):
        kind = Kind.UPSTREAM_ERROR
        failure = UpstreamFailure(kind, "no", fault=fault, status=status)
        if form in {"rest", "v2"} and absent_first:
            failure = UpstreamFailure(kind, "no", fault=UpstreamFault.SERVER)
            failure.absent = True
        raise failure

    return work


@pytest.mark.parametrize(
    "fault",
    [
        UpstreamFault.TRANSPORT,
        UpstreamFault.CHALLENGE,
        UpstreamFault.SERVER,
        UpstreamFault.REJECTED,
        UpstreamFault.EGRESS,
        UpstreamFault.TIMEOUT,
    ],
)
async def test_one_odd_request_does_not_move_the_others(learnt, fault):
    """Neither form can serve it, so that it says nothing of either."""
    await missed(failing(fault), ANNE)
    failure = await missed(failing(fault), BERT)
    assert failure.fault is fault
    assert learnt.form("chat", AUTO) == "rest"
    assert learnt.news() == []


@pytest.mark.parametrize(
    "fault", [UpstreamFault.RATE_LIMITED, UpstreamFault.CREDENTIAL]
)
async def test_what_is_the_accounts_affair_ends_no_trial(learnt, fault):
    await missed(failing(fault), ANNE)
    await missed(failing(fault), BERT)
    assert learnt.form("chat", AUTO) == "gateway"
    assert learnt.news() == []
    assert await spoken("chat", CARL, AUTO, Service("gateway")) == "gateway"
    assert len(learnt.news()) == 1


def refusal(fault):
    return UpstreamFailure(Kind.UPSTREAM_ERROR, "no", fault=fault)


async def turned(service):
    """The other form has taken a call; what came of it is still to be told."""
    proof = Proof("chat")
    await missed(Service("gateway"), ANNE)
    await spoken("chat", BERT, AUTO, service, proof)
    return proof


async def test_to_be_taken_is_not_to_be_answered(learnt):
    """As where the site has no such model: the session opens, and is refused."""
    proof = await turned(Service("gateway"))
    assert (learnt.form("chat", AUTO), learnt.news()) == ("gateway", [])
    proof.bad(refusal(UpstreamFault.REJECTED))
    assert (learnt.form("chat", AUTO), learnt.news()) == ("rest", [])


async def test_an_answer_proves_it_once_and_for_all(learnt):
    proof = await turned(Service("gateway"))
    proof.good()
    assert len(learnt.news()) == 1
    proof.bad(refusal(UpstreamFault.TRANSPORT))
    assert learnt.form("chat", AUTO) == "gateway"


@pytest.mark.parametrize(
    "fault",
    [UpstreamFault.RATE_LIMITED, UpstreamFault.SERVER, UpstreamFault.CHALLENGE],
)
async def test_other_troubles_leave_the_trial_open(learnt, fault):
    proof = await turned(Service("gateway"))
    proof.bad(refusal(fault))
    assert (learnt.form("chat", AUTO), learnt.news()) == ("gateway", [])


async def test_what_was_chosen_needs_no_proof(learnt):
    proof = Proof("chat")
    chosen = Chosen(upstream__chat_protocol="gateway")
    await spoken("chat", ANNE, chosen, Service("gateway"), proof)
    proof.bad(refusal(UpstreamFault.SERVER))
    proof.good()
    assert learnt.news() == []


async def test_a_proven_form_outlives_a_failure(learnt):
    await missed(Service("gateway"), ANNE)
    await spoken("chat", BERT, AUTO, Service("gateway"))
    await missed(failing(UpstreamFault.TRANSPORT), CARL)
    assert learnt.form("chat", AUTO) == "gateway"


@pytest.mark.parametrize("status", [400, 422, 429])
async def test_a_refusal_shows_that_somebody_is_there(learnt, status):
    await missed(Service("gateway"), ANNE)
    refused = failing(UpstreamFault.REJECTED, status, absent_first=False)
    await missed(refused, BERT)
    await missed(Service("gateway"), CARL)
    assert learnt.form("chat", AUTO) == "rest"


async def test_witnesses_are_forgotten(learnt, clock):
    await missed(Service("gateway"), ANNE)
    clock.now += REMEMBERED_S + 1
    await missed(Service("gateway"), BERT)
    assert learnt.form("chat", AUTO) == "rest"
    assert await spoken("chat", CARL, AUTO, Service("gateway")) == "gateway"


async def test_a_call_that_began_before_the_miss_is_no_alibi(learnt, clock):
    async def slow(form):
        clock.now += 5
        learnt.miss("chat", "rest", ANNE)
        return form

    await spoken("chat", CARL, AUTO, slow)
    learnt.miss("chat", "rest", BERT)
    assert learnt.form("chat", AUTO) == "gateway"


async def test_many_calls_under_way_turn_it_once(learnt):
    for login in (ANNE, BERT, CARL, Login("dora")):
        learnt.miss("chat", "rest", login)
    learnt.proved("chat", "gateway")
    (switch,) = learnt.news()
    assert switch == Switch("chat", "gateway", 1000.0, 1000.0 + OTHER_FOR_S)


async def test_where_both_are_gone_nobody_is_told(learnt):
    for _ in range(5):
        await missed(Service(), ANNE)
        await missed(Service(), BERT)
    assert learnt.news() == []


async def test_who_sees_the_first_form_at_work_objects_once(learnt, clock):
    """Another process turned it, while here it has worked since."""
    told = Switch("chat", "gateway", 1000.0, 1000.0 + OTHER_FOR_S)
    clock.now = 1002.0
    await spoken("chat", ANNE, AUTO, Service("rest"))
    clock.now = 1003.0
    learnt.adopt([told])
    assert learnt.form("chat", AUTO) == "rest"
    (ended,) = learnt.news()
    assert ended.since == ended.until == 1003.0
    again = Switch("chat", "gateway", 1004.0, 1004.0 + OTHER_FOR_S)
    clock.now = 1005.0
    learnt.adopt([again])
    assert learnt.form("chat", AUTO) == "gateway"


async def test_a_call_that_still_found_the_first_form_ends_the_matter(learnt, clock):
    async def here(form):
        learnt.adopt([Switch("chat", "gateway", 1001.0, 1001.0 + OTHER_FOR_S)])
        return form

    clock.now = 1002.0
    await spoken("chat", ANNE, AUTO, here)
    assert learnt.form("chat", AUTO) == "rest"


def test_a_clock_that_is_ahead_moves_nobody(learnt, clock):
    far = clock.now + SKEW_S + 1
    learnt.adopt([Switch("chat", "gateway", far, far + OTHER_FOR_S)])
    assert learnt.form("chat", AUTO) == "rest"
