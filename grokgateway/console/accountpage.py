"""The page of one account; below, the way it takes and what the log knows of it."""

from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from gateway import tallies
from gateway.egress.nodes import DIRECT, Scope
from gateway.egress_tables import EgressNode
from gateway.exits import standing
from gateway.models import RequestRecord
from grokgateway import config
from grokgateway.console.panels import Panel
from grokgateway.marks import BAD, GOOD, IDLE, WAIT

KINDS = {"": GOOD, "gone": IDLE, "limited": WAIT, "refused": WAIT, "failed": BAD}
WORDS = {Scope.CHAT: _("Calls and sockets"), Scope.RESOURCE: _("Files")}
READ = 200
REQUESTS = 20
ERRORS = 5


@dataclass(frozen=True, slots=True)
class Line:
    record: RequestRecord
    kind: str

    @property
    def answer(self) -> str:
        return f"{self.record.status} {self.record.error_code}".strip()

    @property
    def total_s(self) -> str:
        return f"{self.record.total_ms / 1000:.1f} s"


def view(request: HttpRequest, pk: int) -> HttpResponse:
    pages = admin.site.get_model_admin(Account)
    context = {"panels": panels(request, pk)}
    return pages.change_view(request, str(pk), extra_context=context)


def panels(request: HttpRequest, pk: int) -> list[Panel]:
    account = Account.objects.filter(pk=pk).first()
    if account is None:
        return []
    may = request.user.has_perm
    shown = [way_of(account)] if may("gateway.view_egressnode") else []
    if may("gateway.view_requestrecord"):
        shown.append(requests_of(account.public_id))
    return shown


def way_of(account: Account) -> Panel:
    """The nodes that its calls and files would take now; names of them, or none."""
    settings = config.current()
    ways = {
        scope: standing.node_of(account.token_hash, account.node, scope, settings)
        for scope in (Scope.CHAT, Scope.RESOURCE)
    }
    rows = {
        row.name: row
        for row in EgressNode.objects.filter(
            name__in=[node.name for node in ways.values() if node]
        )
    }
    lines = [
        (WORDS[scope], rows.get(node.name, node) if node else None)
        for scope, node in ways.items()
    ]
    context = {
        "account": account,
        "lines": lines,
        "direct": settings.text("proxy.egress.mode") == DIRECT,
        "gone": account.node and not EgressNode.objects.filter(name=account.node),
    }
    return Panel("console/account_node.html", context)


def requests_of(account: str) -> Panel:
    latest = lines_of(account)
    errors = [line for line in latest if line.record.status >= 400]
    context = {
        "account": account,
        "lines": latest[:REQUESTS],
        "errors": errors[:ERRORS],
        "read": len(latest),
    }
    return Panel("console/account_requests.html", context)


def lines_of(account: str) -> list[Line]:
    """Requests that it served, or failed to as the last one asked; the latest first."""
    records = RequestRecord.objects.filter(account=account).order_by("-id")
    found = records.defer("attempts")[:READ]
    return [Line(one, KINDS[tallies.outcome_of(one.status)]) for one in found]
