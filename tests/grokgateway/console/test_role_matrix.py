"""Every address of the console for every kind of visitor (console-webui 10, item 1).

The addresses are read from the URL configuration; what each should answer is said here,
from the roles' descriptions. An address without a rule fails.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.urls import URLResolver, get_resolver
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
from webui.models import SavedFilter

# asynchronous routes close connections, which the others would still need
pytestmark = pytest.mark.django_db(transaction=True)

STAFF = ("bare", roles.VIEWER, roles.OPERATOR, "superuser")
EVERYBODY = ("anonymous", *STAFF)
READERS = STAFF[1:]
WORKERS = STAFF[2:]
OWNERS = STAFF[3:]
NOBODY: tuple[str, ...] = ()
API = "admin/api/"


@dataclass(frozen=True)
class Rule:
    """`status` for those who may; what the others of the staff and strangers get."""

    who: tuple[str, ...]
    status: int = 200
    refused: int = 403
    stranger: int = 302

    def expected(self, role: str) -> int:
        if role in self.who:
            return self.status
        return self.stranger if role == "anonymous" else self.refused


LEADS_ON = Rule(EVERYBODY, 302)
POST_ONLY = Rule(STAFF, 405)
OFF = Rule(EVERYBODY, 404)  # tests/webui has a table for when it is on
CALLED = Rule(EVERYBODY, 405)  # the admin API has no GET there, whoever asks


def told(who: tuple[str, ...], status: int = 200) -> Rule:
    """Of the admin API, which knows no sign-in page."""
    return Rule(who, status, refused=401, stranger=401)


RULES = {
    "": LEADS_ON,
    "admin": LEADS_ON,
    "favicon.ico": LEADS_ON,
    "i18n/setlang/": LEADS_ON,
    "meta": Rule(EVERYBODY),
    "meta/update": Rule(EVERYBODY),
    "admin/account": LEADS_ON,
    "admin/account/": LEADS_ON,
    "admin/cache/": LEADS_ON,
    "admin/api": Rule(EVERYBODY, 404),
    "admin/login": Rule(STAFF, 302, stranger=200),
    "admin/login/": Rule(STAFF, 302, stranger=200),
    "admin/logout/": POST_ONLY,
    "admin/": Rule(STAFF),
    "admin/overview.json": Rule(STAFF),
    "admin/docs/": Rule(STAFF),
    "admin/jsi18n/": Rule(STAFF),
    "admin/password_change/": Rule(STAFF),
    "admin/password_change/done/": Rule(STAFF),
    "admin/autocomplete/": Rule(NOBODY),  # no page of ours asks for it
    "admin/r/<path:content_type_id>/<path:object_id>/": Rule(STAFF, 404),
    "admin/(?P<url>.*)$": Rule(STAFF, 404),
    "admin/^app/$": Rule(READERS, refused=404),
    "admin/console-key/": Rule(OWNERS),
    "admin/explain/": Rule(READERS),
    "admin/doctor/": Rule(READERS),
    "admin/try/": Rule(WORKERS),
    "admin/cache": Rule(READERS),
    "admin/cache/limit": POST_ONLY,
    "admin/cache/prune": POST_ONLY,
    "admin/cache/mend": POST_ONLY,
    "admin/cache/online/walk": POST_ONLY,
    "admin/cache/online/clear": POST_ONLY,
    "admin/config": Rule(READERS, 302),
    "admin/config/": Rule(READERS, 302),
    "admin/config/search": Rule(READERS),
    "admin/config/<slug:slug>": Rule(READERS),
    "admin/config/history": Rule(READERS),
    "admin/config/history/<int:revision>/revert": Rule(WORKERS, 404),
    "admin/config/files": Rule(READERS),
    "admin/config/files/preview": Rule(WORKERS, 302),
    "admin/config/files/export": POST_ONLY,
    "admin/config/reset": POST_ONLY,
    "admin/config/reveal": POST_ONLY,
    "admin/jobs/<slug:name>.json": Rule(READERS),
    "admin/<slug:app>/<slug:model>/filters/": POST_ONLY,
    "admin/<slug:app>/<slug:model>/filters/<int:pk>/forget/": POST_ONLY,
    "admin/accounts/account/import/": Rule(WORKERS),
    "admin/accounts/account/import/<slug:draft_id>/": Rule(WORKERS, 404),
    "admin/accounts/account/import/<slug:draft_id>/rejected.csv": Rule(WORKERS, 404),
    "admin/accounts/account/import/<slug:draft_id>/start/": POST_ONLY,
    "admin/accounts/account/import/<slug:draft_id>/discard/": POST_ONLY,
    "admin/accounts/account/export/": Rule(OWNERS),
    "admin/accounts/account/<int:pk>/change/": Rule(READERS),
    "admin/accounts/account/<int:pk>/act/": Rule(READERS, 302),
    "admin/accounts/account/<int:pk>/reveal/": Rule(OWNERS, 302),
    "admin/accounts/account/find/": Rule(READERS, 302),
    "admin/accounts/restorepoint/<str:public_id>/undo/": Rule(WORKERS),
    "admin/jobs/batchjob/by-id/<slug:public_id>/": Rule(READERS, 302),
    "admin/jobs/batchjob/<int:pk>/cancel/": Rule(WORKERS, 302),
    "admin/jobs/batchjob/<int:pk>/retry/": Rule(WORKERS, 302),
    "admin/gateway/alert/test/": POST_ONLY,
    "admin/gateway/capture/<int:pk>/download/": Rule(WORKERS),
    "admin/gateway/requestrecord/by-id/<str:request_id>": Rule(READERS, 302),
    "admin/gateway/egressnode/paste/": Rule(WORKERS),
    "admin/media/asset/undo/<str:removal>/": Rule(WORKERS),
    "admin/media/asset/thumbnail/<int:pk>/": Rule(READERS),
    "admin/auth/user/<id>/password/": Rule(OWNERS),
}
ADDED = {f"gateway.{n}" for n in ("apikey", "capturewish", "egressnode", "modelroute")}
DELETED = {
    *ADDED,
    *("gateway.capture", "gateway.clearancebundle", "gateway.storedresponse"),
    *("media.asset", "media.videojob"),
}
FOR_READERS = told(READERS)
API_RULES = {
    "openapi.json": Rule(EVERYBODY),  # what can be called, nothing of this gateway
    "": Rule(EVERYBODY, 404),
    "<path:path>": Rule(EVERYBODY, 404),
    "tokens": FOR_READERS,
    "verify": FOR_READERS,
    "status": told(READERS, 503),  # no pool is loaded in a test
    "storage": FOR_READERS,
    "config": FOR_READERS,
    "explain": told(READERS, 400),  # no model was named
    "keys": FOR_READERS,
    "keys/<key_id>": FOR_READERS,
    "keys/<key_id>/usage": FOR_READERS,
    "doctor": told(READERS, 404),  # nothing was examined yet
    "doctor/<examination>": told(READERS, 404),
    "egress": FOR_READERS,
    "egress/nodes/<name>": FOR_READERS,
    "cache": FOR_READERS,
    "cache/list": FOR_READERS,
    "assets": FOR_READERS,
    "batch/<task>": FOR_READERS,
    "batch/<task>/stream": FOR_READERS,
}
API_CALLS = {
    "tokens/pool",
    "tokens/add",
    "tokens/edit",
    "tokens/disabled",
    "tokens/disabled/batch",
    "undo/<point>",
    "batch/refresh",
    "batch/nsfw",
    "batch/accept-terms",
    "batch/cache-clear",
    "batch/<task>/cancel",
    "sync",
    "ticket",
    "cache/clear",
    "cache/item/delete",
    "cache/items/delete",
    "cache/undo/<removal>",
    "egress/nodes",
    "egress/nodes/paste",
    *(f"egress/nodes/<name>/{deed}" for deed in ("test", "solve", "invalidate")),
    "assets/delete-item",
    "assets/delete-items",
    "assets/clear-token",
}


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield re.sub(r"\^\(\?P<app_label>[^)]*\)/\$", "^app/$", route)


ROUTES = sorted(set(routes(get_resolver())))


def rule_of(route: str) -> Rule | None:
    if route.startswith(API):
        call = route.removeprefix(API)
        return CALLED if call in API_CALLS else API_RULES.get(call)
    if route.startswith("webui"):
        return OFF
    return RULES.get(route) or of_model(route)


def of_model(route: str) -> Rule | None:
    """What Django gives every registered model, and what of it may be done."""
    found = re.fullmatch(r"admin/(\w+)/(\w+)/(<path:object_id>/)?(?:(\w+)/)?", route)
    if not found or (found[1], found[2]) not in registered():
        return None
    label, one, verb = f"{found[1]}.{found[2]}", found[3], found[4]
    if one and verb is None:
        return Rule(STAFF, 302)  # to its page, which then refuses
    readers, workers = (OWNERS, OWNERS) if found[1] == "auth" else (READERS, WORKERS)
    return {
        None: Rule(readers),
        "history": Rule(readers),
        "change": Rule(readers),
        "add": Rule(workers if found[1] == "auth" or label in ADDED else NOBODY),
        "delete": Rule(workers if found[1] == "auth" or label in DELETED else NOBODY),
    }.get(verb)


def registered() -> set[tuple[str, str]]:
    models = (model._meta for model in admin.site._registry)
    return {(meta.app_label, str(meta.model_name)) for meta in models}


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
