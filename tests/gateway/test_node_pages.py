"""Proxy nodes and clearances in the console."""

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils.html import escape

from gateway.egress import home
from gateway.egress.proxies import parse
from gateway.egress_tables import ClearanceBundle, EgressNode, NodeSource
from gateway.exits import store
from grokgateway import config
from grokgateway.jobs.models import BatchJob
from tests.factories import make_account

pytestmark = pytest.mark.django_db

LIST = reverse("admin:gateway_egressnode_changelist")
ADD = reverse("admin:gateway_egressnode_add")
PASTE = reverse("admin:gateway_egressnode_paste")
SECRET = "canary-password"
URL = f"socks5://user:{SECRET}@h:1080"
FIELDS = {"scope": "both", "enabled": "on", "priority": 0, "weight": 1, "verify": "on"}


@pytest.fixture(autouse=True)
def ways(monkeypatch):
    fresh = home.Home()
    monkeypatch.setattr(home, "HOME", fresh)
    with config.override({"proxy.egress.mode": "proxy_pool"}):
        yield fresh


def made(name="mine", url=URL) -> EgressNode:
    row = store.fill(EgressNode(name=name), parse(url))
    row.save()
    return row


def page_of(node):
    return reverse("admin:gateway_egressnode_change", args=[node.pk])


def test_a_node_is_made_and_its_password_never_shown(
    admin_client, ways, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin_client.post(ADD, {"name": "mine", "url": URL, **FIELDS})
    assert answer.status_code == 302
    node = EgressNode.objects.get()
    assert store.address_of(node) == parse(URL).url
    assert [one.name for one in ways.rows.nodes] == ["mine"]
    for where in (LIST, page_of(node)):
        text = admin_client.get(where).content.decode()
        assert "socks5h://user:***@h:1080" in text
        assert SECRET not in text


def test_an_address_left_empty_stays(admin_client):
    node = made()
    admin_client.post(page_of(node), {**FIELDS, "url": "", "weight": 5})
    node.refresh_from_db()
    assert (node.weight, store.address_of(node)) == (5, parse(URL).url)
    admin_client.post(page_of(node), {**FIELDS, "url": "http://other:1"})
    node.refresh_from_db()
    assert (node.shown, store.address_of(node)) == ("http://other:1", "http://other:1")


@pytest.mark.parametrize(
    ("name", "url"), [("x", ""), ("x", "ftp://h"), ("pool-1", URL), ("x", "http://h/p")]
)
def test_a_wrong_node_is_refused(admin_client, name, url):
    answer = admin_client.post(ADD, {"name": name, "url": url, **FIELDS})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not EgressNode.objects.exists()


def test_the_configurations_nodes_can_only_be_switched(admin_client):
    with config.override({"proxy.egress.proxy_pool": (URL,)}):
        store.load()
        node = EgressNode.objects.get()
        assert node.source == NodeSource.CONFIG
        admin_client.post(page_of(node), {"weight": 9, "scope": "chat", "notes": "n"})
        node.refresh_from_db()
        assert (node.weight, node.enabled, node.notes) == (1, False, "n")
        where = reverse("admin:gateway_egressnode_delete", args=[node.pk])
        assert admin_client.post(where, {"post": "yes"}).status_code == 403


def test_the_list_tells_the_accounts_of_each_node(
    admin_client, django_assert_max_num_queries
):
    for number in range(12):
        make_account(token=f"token-{number}")
    made("one", "http://one:1")
    made("two", "http://two:1")
    store.load()
    with django_assert_max_num_queries(12):
        page = admin_client.get(LIST)
    counts = [node.bound for node in page.context["cl"].result_list]
    assert sum(counts) == 12
    assert all(counts)


@pytest.mark.parametrize("action", ["try_nodes", "solve"])
def test_work_on_nodes_is_a_job(admin_client, action):
    node = made()
    chosen = {"action": action, "_selected_action": [node.pk]}
    page = admin_client.post(LIST, chosen, follow=True).content.decode()
    job = BatchJob.objects.get()
    assert list(job.items.values_list("target", flat=True)) == ["mine"]
    assert reverse("admin:jobs_batchjob_change", args=[job.pk]) in page


def test_nodes_are_switched_and_clearances_made_invalid(admin_client):
    node = made()
    ClearanceBundle.objects.create(
        key="k", node="mine", origin="https://grok.com", valid=True, version=1
    )
    for action in ("disable", "invalidate"):
        admin_client.post(LIST, {"action": action, "_selected_action": [node.pk]})
    node.refresh_from_db()
    assert not node.enabled
    assert not ClearanceBundle.objects.get().valid
    listed = admin_client.get(reverse("admin:gateway_clearancebundle_changelist"))
    assert "https://grok.com" in listed.content.decode()


def test_many_are_pasted_after_a_look(admin_client):
    text = f"{URL}\nspare http://h:2\nbad line://x"
    looked = admin_client.post(PASTE, {"text": text, "scope": "chat"}).content.decode()
    assert "2 nodes would be added." in looked
    assert "left out:" in looked
    assert not EgressNode.objects.exists()
    saved = {"text": text, "scope": "chat", "save": "1"}
    assert admin_client.post(PASTE, saved).status_code == 302
    rows = EgressNode.objects.values_list("name", "scope")
    assert set(rows) == {("h:1080", "chat"), ("spare", "chat")}


def test_a_viewer_sees_and_does_nothing(client):
    node = made()
    user = User.objects.create_user("vera", is_staff=True)
    user.groups.add(Group.objects.get_or_create(name="viewer")[0])
    client.force_login(user)
    page = client.get(LIST).content.decode()
    assert "Paste many" not in page
    assert client.get(PASTE).status_code == 403
    client.post(LIST, {"action": "try_nodes", "_selected_action": [node.pk]})
    assert not BatchJob.objects.exists()


def test_every_page_says_when_no_proxy_can_be_used(admin_client, ways):
    told = "No proxy can be used"
    assert told in admin_client.get(LIST).content.decode()
    made()
    store.load()
    assert told not in admin_client.get(LIST).content.decode()
    with config.override({"proxy.clearance.mode": "manual"}):
        assert "fit one exit" in admin_client.get(LIST).content.decode()


def test_addresses_of_any_kind_are_pasted(admin_client):
    text = "http://[::1]:3128\n[2001:db8::1]:9\nhttp://a..b:1\nsocks5://u:p%C3%A4@h:1"
    post = {"text": text, "scope": "both"}
    looked = admin_client.post(PASTE, post).content.decode()
    assert "must name a host that there can be" in looked
    assert "must have an ASCII user name" in looked
    told = admin_client.post(PASTE, post, headers={"accept-language": "zh-hans"})
    assert "ASCII" in told.content.decode()
    assert "must have an ASCII user name" not in told.content.decode()
    assert "ä" not in looked
    admin_client.post(PASTE, {**post, "save": "1"})
    rows = EgressNode.objects.values_list("name", "shown")
    assert set(rows) == {
        ("::1:3128", "http://[::1]:3128"),
        ("2001:db8::1:9", "http://[2001:db8::1]:9"),
    }
    assert all(store.node_of(row) for row in EgressNode.objects.all())


def test_an_address_in_place_of_a_name_is_not_told(admin_client):
    """Names stand on pages and in logs, so no password may become one."""
    text = "http://u:swapped-pw@h:1 spare\nu:swapped-pw@h:1 http://h:2"
    post = {"text": text, "scope": "both"}
    told = admin_client.post(PASTE, post).content.decode().replace(escape(text), "")
    admin_client.post(PASTE, {**post, "save": "1"})
    assert "the name comes first" in told
    assert "swapped-pw" not in told
    answer = admin_client.post(ADD, {**FIELDS, "url": URL, "name": "http://u:p@h"})
    assert answer.status_code == 200
    assert not EgressNode.objects.exists()
