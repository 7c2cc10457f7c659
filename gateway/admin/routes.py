"""Model routes in the console: what is offered, and how many accounts can serve it."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import census
from accounts.models import Status
from gateway.catalog import POOL_ORDER
from gateway.models import ModelRoute
from gateway.trials import CAPABILITIES
from grokgateway.marks import GOOD, OFF, WAIT, badge

if TYPE_CHECKING:
    RouteAdmin = admin.ModelAdmin[ModelRoute]
else:
    RouteAdmin = admin.ModelAdmin

RUN = "accounts.run_jobs"


@admin.register(ModelRoute)
class ModelRouteAdmin(RouteAdmin):
    list_display = [
        "name",
        "display_name",
        "capability",
        "upstream",
        "state",
        "supporting",
        "attempt",
    ]
    list_filter = ["capability", "tier", "enabled"]
    list_max_show_all = 0
    search_fields = ["name", "display_name"]
    readonly_fields = ["shipped_name", "shipped", "updated_at"]

    def get_list_display(
        self, request: HttpRequest
    ) -> list[Any]:  # Any: Django's own choice of shapes
        """What leads to work at upstream is for who may start it."""
        may = request.user.has_perm(RUN)
        return [name for name in self.list_display if may or name != "attempt"]

    @admin.display(description=_("upstream"), ordering="mode")
    def upstream(self, route: ModelRoute) -> str:
        best = gettext("best first") if route.prefer_best else ""
        return ", ".join(filter(None, [route.mode, route.tier, best]))

    @admin.display(description=_("status"), ordering="enabled")
    def state(self, route: ModelRoute) -> str:
        if not route.enabled:
            return badge(OFF, gettext("switched off"))
        ready, _all = accounts_of(route)
        if not ready:
            return badge(WAIT, gettext("no account ready"))
        return badge(GOOD, gettext("offered"))

    @admin.display(description=_("accounts ready"))
    def supporting(self, route: ModelRoute) -> str:
        """Of those in its tiers, in the last count."""
        ready, total = accounts_of(route)
        return gettext("%(ready)d of %(total)d") % {"ready": ready, "total": total}

    @admin.display(description=_("more"))
    def attempt(self, route: ModelRoute) -> str:
        query = urlencode({"model": route.name})
        told = format_html(
            '<a href="{}?{}">{}</a>',
            reverse("admin:explain"),
            query,
            gettext("Explain"),
        )
        if not route.enabled or route.capability not in CAPABILITIES:
            return told
        return format_html(
            '<a href="{}?{}">{}</a> · {}',
            reverse("admin:try"),
            query,
            gettext("Try it"),
            told,
        )


def accounts_of(route: ModelRoute) -> tuple[int, int]:
    """Active accounts in the tiers that serve it, and all of them."""
    pools = [one for one in census.kept().pools if one.pool in POOL_ORDER[route.tier]]
    ready = sum(pool.counts[Status.ACTIVE] for pool in pools)
    return ready, sum(pool.total for pool in pools)
