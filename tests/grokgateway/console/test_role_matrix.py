"""Every address of the console for every kind of visitor (console-webui 10, item 1).

The addresses are read from the URL configuration; what each should answer is said here,
from the roles' descriptions. An address without a rule fails.
"""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import bulk
from accounts.models import StatusEvent
from gateway.alert_tables import Alert
from gateway.egress.proxies import parse
from gateway.egress_tables import ClearanceBundle, EgressNode
from gateway.exits import store
from gateway.models import RequestRecord, StoredResponse
from grokgateway.console import roles
from grokgateway.jobs import batches
from grokgateway.jobs.batches import Target
from media.models import Asset, Kind, Source, Usage, VideoJob
from tests.factories import make_account, make_key
from tests.gateway.captures import test_store as captures
from tests.grokgateway.console.role_rules import (
    API,
    API_CALLS,
    API_RULES,
    EVERYBODY,
    ROUTES,
    RULES,
    STAFF,
    rule_of,
)
from webui.models import SavedFilter

# asynchronous routes close connections, which the others would still need
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def furnished():
    """A row of each model, and what the addresses name instead of a number."""
    account = make_account()
    now = timezone.now()
    StatusEvent.objects.create(account=account, at=now, to_status="active")
    point = bulk.disable([account.pk], "root").undo
    job = batches.create("refresh", [Target(account.public_id)], by="root")
    key, _clear = make_key()
    RequestRecord.objects.create(
        request_id="req_1", started_at=now, endpoint="/", status=200, total_ms=1
    )
    Alert.objects.create(kind="pool_low", since=now, seen_at=now)
    StoredResponse.objects.create(
        public_id="resp_1", owner="open", sealed=b"", created_at=now
    )
    captures.furnish()
    Asset.objects.create(
        public_id="asset1", kind=Kind.IMAGE, source=Source.CHAT, size=1
    )
    VideoJob.objects.create(public_id="video_1", seconds=6)
    store.fill(EgressNode(name="mine"), parse("http://h:1")).save()
    ClearanceBundle.objects.create(key="k", node="mine", origin="https://grok.com")
    Usage.objects.get_or_create(kind=Kind.IMAGE)
    Group.objects.get_or_create(name=roles.VIEWER)
    User.objects.create_user("somebody")
    return {
        "point": point,
        "job": job.public_id,
        "key": key.fingerprint,
        "request": "req_1",
    }


def first_of(route: str) -> object:
    """The id of a row of the model whose page it is."""
    found = re.match(r"admin/(\w+)/(\w+)/", route)
    for model in admin.site._registry:
        if found and model._meta.label_lower == f"{found[1]}.{found[2]}":
            first = model._default_manager.values_list("pk", flat=True).first()
            assert first, f"no row of {model}"
            return first
    return 0


def address(route: str, known: dict[str, str]) -> str:
    first = first_of(route)
    values = {
        "key_id": known["key"],
        "task": known["job"],
        "point": known["point"],
        "slug": "features",
        "name": "mine",
        "revision": "999",
        "request_id": known["request"],
        "removal": "none",
        "draft_id": "none",
        "public_id": known["point"] if "restorepoint" in route else known["job"],
        "app": "accounts",
        "model": "account",
        "content_type_id": "999",
    }
    route = route.replace("(?P<url>.*)$", "no-such/page/").replace(
        "^app/$", "accounts/"
    )
    return "/" + re.sub(
        r"<(?:\w+:)?(\w+)>", lambda one: str(values.get(one[1], first)), route
    )


def enter(client, role):
    if role == "anonymous":
        return
    user = User.objects.create_user(role, is_staff=True)
    if role == "superuser":
        user.is_superuser = True
        user.save()
    elif role != "bare":
        user.groups.add(Group.objects.get(name=role))
    client.force_login(user)


def test_every_address_has_a_rule():
    assert [route for route in ROUTES if rule_of(route) is None] == []


def test_no_rule_is_left_over():
    named = {*RULES, *(API + call for call in (*API_RULES, *API_CALLS))}
    assert named - set(ROUTES) == set()


@pytest.mark.parametrize("role", EVERYBODY)
def test_each_role_gets_what_its_rule_says(client, furnished, role):
    enter(client, role)
    wrong = {}
    for route in ROUTES:
        rule, where = rule_of(route), address(route, furnished)
        status = client.get(where).status_code
        if rule is None or status != rule.expected(role):
            wrong[where] = (status, rule and rule.expected(role))
    assert wrong == {}


# What a form may hold that means something somewhere.
FORM = {"action": "disable", "apply": "1", "post": "yes", "name": "x", "form": "json"}
FORM |= dict.fromkeys(("new", "again", "app.app_key"), "a console key of their own")
ONES_OWN = {Session, SavedFilter, LogEntry}
HARMLESS = {
    ("admin/<slug:app>/<slug:model>/filters/", "bare"): 302,  # one of their own
    ("admin/<slug:app>/<slug:model>/filters/", roles.VIEWER): 302,
    ("admin/config/files/export", roles.VIEWER): 200,  # without secrets
    **{(f"admin/login{end}", role): 200 for end in ("", "/") for role in STAFF},
    **{("admin/api/openapi.json", role): 200 for role in EVERYBODY},
}
ENDS_THE_SESSION = "admin/logout/"


def stored() -> dict[str, list[dict[str, object]]]:
    """All rows but those a person has for themselves."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model not in ONES_OWN
    }


def after_post(route: str, role: str) -> set[int]:
    """What somebody may get who may change nothing: refusals, or the page itself."""
    rule = rule_of(route)
    assert rule
    if (route, role) in HARMLESS:
        return {HARMLESS[route, role]}
    if route.startswith(API):
        return {401, 404, 405}
    if role == "anonymous":
        return {rule.stranger, 404, 405}
    seen = {rule.expected(role)} if role in rule.who else set()
    return {403, 404, 405} | seen


@pytest.mark.parametrize("role", ["anonymous", "bare", roles.VIEWER])
def test_who_may_only_read_changes_nothing_by_any_form(client, furnished, role):
    enter(client, role)
    client.get("/admin/")
    before, wrong = stored(), {}
    for route in ROUTES:
        if route == ENDS_THE_SESSION:
            continue
        where = address(route, furnished)
        if route.startswith(API):
            answer = client.post(where, "{}", content_type="application/json")
        else:
            answer = client.post(where, FORM | {"_selected_action": first_of(route)})
        if answer.status_code not in after_post(route, role):
            wrong[where] = (answer.status_code, after_post(route, role))
    assert wrong == {}
    assert stored() == before


SIGNED_OFF = {401, 403, 404, 405}
OF_OWNERS = ("auth.User", "auth.Group", "auth.Permission", "config.ConfigOverride")


def test_an_operator_works_by_forms_and_owns_nothing(client, furnished):
    """What is the owner's is refused and stays; what is theirs is no server error."""
    enter(client, roles.OPERATOR)
    client.get("/admin/")
    before, wrong = stored(), {}
    routes = [route for route in ROUTES if route != ENDS_THE_SESSION]
    places = {one: (address(one, furnished), first_of(one)) for one in routes}
    for route, (where, first) in places.items():
        rule = rule_of(route)
        if route.startswith(API):
            later = where + "?async=true"  # nobody works jobs off here
            answer = client.post(later, "{}", content_type="application/json")
        else:
            answer = client.post(where, FORM | {"_selected_action": first})
        theirs = rule is not None and roles.OPERATOR in rule.who
        allowed = (
            answer.status_code < 500 if theirs else answer.status_code in SIGNED_OFF
        )
        if not allowed:
            wrong[where] = answer.status_code
    assert wrong == {}
    after = stored()
    assert {name: after[name] for name in OF_OWNERS} == {
        name: before[name] for name in OF_OWNERS
    }
