"""Examinations as scripts ask for them."""

import json

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from gateway import catalog, works
from gateway.doctor_tables import Examination
from gateway.egress import home
from grokgateway import config
from grokgateway.jobs.batch_runner import run_one
from grokgateway.jobs.models import BatchJob
from tests.factories import make_account

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "an-operators-key"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    catalog.synchronise()
    monkeypatch.setattr(home, "HOME", home.Home())
    with config.override({"app.app_key": KEY, "proxy.egress.mode": "single_proxy"}):
        yield
    catalog.HOME.catalog = None


@pytest.fixture
def api():
    client = Client(headers={"Authorization": f"Bearer {KEY}"})

    def ask(method, path="", body=None):
        data = "" if body is None else json.dumps(body)
        answer = client.generic(
            method, f"/admin/api/doctor{path}", data, content_type="application/json"
        )
        return answer.status_code, answer.json()

    return ask


async def worked_off() -> None:
    while await run_one(works.ALL):
        pass


def test_asked_for_and_read(api):
    assert api("GET")[0] == 404
    account = make_account(token="sandbox-basic-one")
    status, begun = api("POST", body={"account": "sandbox-basic-one"})
    assert (status, begun["total"]) == (200, 1)
    path = f"/{begun['examination']}"
    assert api("GET", path)[1]["finished_at"] is None
    async_to_sync(worked_off)()
    status, told = api("GET", path)
    assert status == 200
    assert told["asked"]["account"] == account.public_id
    assert (told["by"], told["sound"]) == ("api (app_key)", False)
    (case,) = told["cases"]
    assert (case["guilty"]["check"], case["guilty"]["layer"]) == ("node", "proxy")
    assert api("GET")[1] == told
    job = BatchJob.objects.get()
    assert job.items.get().result == {"sound": False, "guilty": "node (proxy)"}


@pytest.mark.parametrize("what", ["node", "account", "model"])
def test_what_is_not_there(api, what):
    status, refusal = api("POST", body={what: "no-such"})
    assert (status, refusal["error"]["code"]) == (404, f"{what}_not_found")
    assert not Examination.objects.exists()
    assert api("GET", "/no-such")[0] == 404


def test_odd_bodies(api):
    assert api("POST", body={"nodes": "x"})[0] == 400
    assert api("POST", body={"ask": "perhaps"})[0] == 400
