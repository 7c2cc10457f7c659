"""The NinjaAPI of operators; each concern is one router."""

import json

from gateway.admin_api import (
    access,
    assets,
    batch,
    cache,
    doctor,
    document,
    egress,
    errors,
    explain,
    keys,
    status,
    tokens,
)

api = document.Operators(
    title="Grok Gateway: operators",
    urls_namespace="admin-api",
    auth=[access.by_key, access.staff],
    docs_url=None,
    openapi_url="openapi.json",
)
api.add_router("", tokens.router)
api.add_router("", batch.router)
api.add_router("", status.router)
api.add_router("", explain.router)
api.add_router("", keys.router)
api.add_router("", cache.router)
api.add_router("", assets.router)
api.add_router("", egress.router)
api.add_router("", doctor.router)
errors.register(api)

PREFIX = "/admin/api/"
ADMIN_FILE = "admin.json"


def admin_text() -> str:
    """The document as its snapshot has it."""
    drawn = api.get_openapi_schema(path_prefix=PREFIX)
    return json.dumps(drawn, ensure_ascii=False, indent=2) + "\n"
