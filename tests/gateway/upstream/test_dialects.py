"""When the other form of an operation is spoken, and for how long."""

import pytest

from gateway.errors import Kind, UpstreamFailure, UpstreamFault
from gateway.upstream import dialects
from gateway.upstream.dialects import OTHER_FOR_S, Dialects, Switch, spoken
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
