"""The page that sends one message, and shows what came of it."""

import pytest
from django.contrib.auth.models import Group, User

from gateway import trials
from gateway.conversation.events import (
    Finished,
    FinishReason,
    MediaReady,
    TextDelta,
    Usage,
)
from gateway.conversation.fold import Completion
from gateway.errors import GatewayError, Kind
from gateway.models import ModelRoute
from gateway.recorder import Journal
from gateway.trials import Trial
from grokgateway.console import roles
from tests.factories import make_key

pytestmark = pytest.mark.django_db

PAGE = "/admin/try/"
MODEL = "grok-4.20-fast"
FORM = {"model": MODEL, "key": "", "text": "<hello>"}


@pytest.fixture
def sent(monkeypatch):
    """What the page orders; the answer is a stand-in."""
    orders = []
    usage = Usage(12, 34, 0)

    async def send(order):
        orders.append(order)
        journal = Journal("req_1", endpoint=trials.ENDPOINT, model=order.model)
        journal.usage, journal.status = usage, 200
        journal.attempt("acc_1", "fast").reason = "ok"
        journal.first_byte = journal.began + 0.25
        said = Completion()
        link = "http://testserver/v1/files/image?id=1"
        elsewhere = "https://assets.example/x.png"
        said.add([TextDelta("<b>hi</b>"), MediaReady(link, "1")])
        said.add([MediaReady(elsewhere, "2"), Finished(FinishReason.STOP, usage)])
        return Trial(journal, said, None, 900.0)

    monkeypatch.setattr(trials, "send", send)
    return orders


def text_of(page):
    return page.content.decode()


def test_looking_sends_nothing(console, sent, django_assert_max_num_queries):
    row, _key = make_key()
    query = {"model": MODEL, "key": row.fingerprint}
    with django_assert_max_num_queries(9):
        page = text_of(console.get(PAGE, query))
    assert sent == []
    assert f'<option value="{MODEL}" selected>' in page
    assert f'<option value="{row.fingerprint}" selected>' in page


def test_the_answer_with_its_account_time_and_record(console, sent):
    page = text_of(console.post(PAGE, FORM))
    assert (sent[0].model, sent[0].text, sent[0].card) == (MODEL, "<hello>", None)
    assert "&lt;b&gt;hi&lt;/b&gt;" in page
    assert "acc_1" in page
    assert "250 ms" in page
    assert "900 ms" in page
    assert "/admin/gateway/requestrecord/?q=req_1" in page
    assert 'src="/v1/files/image?id=1"' in page
    assert "assets.example" not in page


def test_it_asks_as_the_chosen_key(console, sent):
    row, _key = make_key()
    console.post(PAGE, FORM | {"key": row.fingerprint})
    assert sent[0].card.fingerprint == row.fingerprint


def test_a_refusal_is_told_with_its_reason(console, monkeypatch):
    async def send(order):
        journal = Journal("req_1", endpoint=trials.ENDPOINT)
        journal.status, journal.error_code = 403, "model_not_allowed"
        error = GatewayError(Kind.MODEL_NOT_ALLOWED, "This key may not.")
        return Trial(journal, Completion(), error, 1.0)

    monkeypatch.setattr(trials, "send", send)
    page = text_of(console.post(PAGE, FORM))
    assert "Not answered: 403 model_not_allowed" in page
    assert "This key may not." in page
    assert "No account was asked." in page


@pytest.mark.parametrize(
    "change",
    [{"model": "no-model"}, {"text": ""}, {"text": "x" * 4001}, {"key": "unknown"}],
)
def test_a_bad_form_sends_nothing(console, sent, change):
    assert "errornote" in text_of(console.post(PAGE, FORM | change))
    assert sent == []


def test_only_models_that_take_a_text_are_offered(console):
    names = {
        route.name
        for route in console.get(PAGE).context["form"].fields["model"].queryset
    }
    kinds = ModelRoute.objects.filter(name__in=names).values_list("capability")
    assert set(kinds) == {("chat",), ("image",)}


@pytest.mark.parametrize(
    ("role", "status"), [(roles.VIEWER, 403), (roles.OPERATOR, 200)]
)
def test_it_takes_who_may_start_work(client, role, status):
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    assert client.get(PAGE).status_code == status
