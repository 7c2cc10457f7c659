"""What each address of the console answers to whom, from the roles' descriptions.

The addresses themselves are read from the URL configuration.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import admin
from django.urls import URLResolver, get_resolver

from grokgateway.console import roles

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
