"""The NinjaAPI of operators; each concern is one router."""

from ninja import NinjaAPI

from gateway.admin_api import access, batch, errors, explain, status, tokens

api = NinjaAPI(
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
errors.register(api)
