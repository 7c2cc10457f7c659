"""Proxy nodes in the console: how they fare, tried and solved as jobs, pasted."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from gateway.admin.node_form import OWN, NodeForm, NodeModelForm, by_hand
from gateway.admin.node_health import FACTS, NodeHealth
from gateway.admin.notes import note
from gateway.admin.pasting import PastePage
from gateway.egress.proxies import parse
from gateway.egress_tables import EgressNode, NodeSource
from gateway.exits import browser, clearances, jobs, manual, standing, store
from grokgateway import config
from grokgateway.jobs.models import BatchJob

if TYPE_CHECKING:
    NodePages = admin.ModelAdmin[EgressNode]
else:
    NodePages = admin.ModelAdmin


@admin.register(EgressNode)
class EgressNodeAdmin(PastePage, NodeHealth, NodePages):
    form = NodeForm
    list_display = [
        "name",
        "shown",
        "scope",
        "state",
        "health",
        "latency",
        "accounts",
        "trouble",
        "exit_address",
        "source",
    ]
    list_filter = ["source", "scope", "enabled"]
    list_per_page = 50
    search_fields = ["name", "shown", "exit_address", "notes"]
    ordering = ["name"]
    actions = ["try_nodes", "solve", "invalidate", "enable", "disable"]
    change_list_template = "admin/gateway/egressnode/list.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.paste)
        return [
            path("paste/", view, name="gateway_egressnode_paste"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse | HttpResponse:
        now = config.current()
        more = {
            "mode": now.text("proxy.egress.mode"),
            "clearance_mode": now.text("proxy.clearance.mode"),
            "browser": browser.seen(now),
        }
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The accounts of each node are counted once for a page."""
        found = super().get_changelist_instance(request)
        counts = standing.bound(config.current())
        for node in found.result_list:
            node.bound = counts.get(node.name, 0)
        return found

    def get_fieldsets(  # type: ignore[override] # the stub's own type is private
        self, request: HttpRequest, obj: EgressNode | None = None
    ) -> list[tuple[str | None, dict[str, list[str]]]]:
        if obj is None:
            return [(None, {"fields": ["name", "url", *OWN]}), by_hand()]
        address = ["shown"] if obj.source == NodeSource.CONFIG else ["shown", "url"]
        return [
            (None, {"fields": ["name", *address, *OWN]}),
            by_hand("has_cookies"),
            (gettext("How it fares"), {"fields": list(FACTS)}),
        ]

    def get_readonly_fields(
        self, request: HttpRequest, obj: EgressNode | None = None
    ) -> list[str]:
        """A name seals the address; the configuration's nodes follow their keys."""
        if obj is None:
            return []
        facts = ["has_cookies", *FACTS]
        if obj.source == NodeSource.CONFIG:
            return ["name", "shown", "scope", "priority", "weight", "verify", *facts]
        return ["name", "shown", *facts]

    def save_model(
        self, request: HttpRequest, obj: EgressNode, form: NodeModelForm, change: bool
    ) -> None:
        if url := form.cleaned_data.get("url"):
            store.fill(obj, parse(url))
        if form.cleaned_data.get("forget"):
            manual.give(obj, "")
        if cookies := form.cleaned_data.get("cookies"):
            manual.give(obj, cookies)
        super().save_model(request, obj, form, change)
        transaction.on_commit(store.load)

    def delete_model(self, request: HttpRequest, obj: EgressNode) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(store.load)

    def delete_queryset(
        self, request: HttpRequest, queryset: QuerySet[EgressNode]
    ) -> None:
        """Those of the configuration would only come back."""
        super().delete_queryset(request, queryset.filter(source=NodeSource.OPERATOR))
        transaction.on_commit(store.load)

    def has_delete_permission(
        self, request: HttpRequest, obj: EgressNode | None = None
    ) -> bool:
        if obj is not None and obj.source == NodeSource.CONFIG:
            return False
        return super().has_delete_permission(request, obj)

    @admin.action(description=_("Try them"), permissions=["change"])
    def try_nodes(self, request: HttpRequest, nodes: QuerySet[EgressNode]) -> None:
        self._begin(request, jobs.TEST, nodes)

    @admin.action(description=_("Get clearances through them"), permissions=["change"])
    def solve(self, request: HttpRequest, nodes: QuerySet[EgressNode]) -> None:
        self._begin(request, jobs.SOLVE, nodes)

    @admin.action(description=_("Make clearances invalid"), permissions=["change"])
    def invalidate(self, request: HttpRequest, nodes: QuerySet[EgressNode]) -> None:
        count = sum(clearances.invalidate_node(node.name) for node in nodes)
        transaction.on_commit(store.load)
        note(request, f"invalidate: {count}", "clearances made invalid")
        told = ngettext("%d clearance is invalid.", "%d clearances are invalid.", count)
        self.message_user(request, told % count)

    @admin.action(description=_("Switch on"), permissions=["change"])
    def enable(self, request: HttpRequest, nodes: QuerySet[EgressNode]) -> None:
        self._switch(request, nodes, enabled=True)

    @admin.action(description=_("Switch off"), permissions=["change"])
    def disable(self, request: HttpRequest, nodes: QuerySet[EgressNode]) -> None:
        self._switch(request, nodes, enabled=False)

    def _switch(
        self, request: HttpRequest, nodes: QuerySet[EgressNode], *, enabled: bool
    ) -> None:
        count = nodes.update(enabled=enabled)
        transaction.on_commit(store.load)
        note(request, f"nodes: {count}", "switched on" if enabled else "switched off")
        told = ngettext("%d node is changed.", "%d nodes are changed.", count)
        self.message_user(request, told % count)

    def _begin(
        self, request: HttpRequest, kind: str, nodes: QuerySet[EgressNode]
    ) -> None:
        names = list(nodes.values_list("name", flat=True))
        job = jobs.begin(kind, names, request.user.get_username())
        note(request, f"{kind}: {len(names)}", f"job {job.public_id}")
        messages.success(request, leading(job))


def leading(job: BatchJob) -> SafeString:
    told = ngettext(
        "A job for %d node was started.", "A job for %d nodes was started.", job.total
    )
    where = reverse("admin:jobs_batchjob_change", args=[job.pk])
    return format_html(
        '{} <a href="{}">{}</a>', told % job.total, where, gettext("Follow it")
    )
