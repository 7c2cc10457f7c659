"""The page for programs: this gateway's address, a model of its own."""

import pytest

from gateway.models import ModelRoute
from grokgateway import config

pytestmark = pytest.mark.django_db

PAGE = "/admin/docs/"


def text_of(page):
    return page.content.decode()


def test_samples_name_this_gateway(console, django_assert_max_num_queries):
    config.current()
    with django_assert_max_num_queries(9):
        page = text_of(console.get(PAGE))
    assert "curl http://testserver/v1/chat/completions" in page
    assert 'href="/v1/docs"' in page


def test_the_configured_address_wins(console):
    with config.override({"app.app_url": "https://gate.example/v1"}):
        page = text_of(console.get(PAGE))
    assert "https://gate.example/v1/chat/completions" in page
    assert "ANTHROPIC_BASE_URL=&quot;https://gate.example&quot;" in page


def test_staff_choose_the_model(console):
    other = ModelRoute.objects.filter(capability="chat").reverse()[0]
    page = console.get(PAGE, {"model": other.name})
    assert page.context["place"].model == other.name
    assert console.get(PAGE, {"model": "<none>"}).context["place"].model != "<none>"


def test_without_models_there_are_samples_all_the_same(console):
    ModelRoute.objects.update(enabled=False)
    assert len(console.get(PAGE).context["samples"]) == 6


def test_no_key_stands_in_the_samples(console):
    with config.override({"app.api_key": "sk-very-secret"}):
        page = text_of(console.get(PAGE))
    assert "sk-very-secret" not in page
    assert "YOUR_KEY" in page


def test_it_is_for_staff(client):
    assert client.get(PAGE).status_code == 302
