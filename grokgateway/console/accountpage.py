"""The page of one account, with what the request log knows of it below."""

from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from accounts.models import Account
from gateway import tallies
from gateway.models import RequestRecord
from grokgateway.console.panels import Panel
from grokgateway.marks import BAD, GOOD, IDLE, WAIT

KINDS = {"": GOOD, "gone": IDLE, "limited": WAIT, "refused": WAIT, "failed": BAD}
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
    account = Account.objects.filter(pk=pk).values_list("public_id", flat=True).first()
    if account is None or not request.user.has_perm("gateway.view_requestrecord"):
        return []
    latest = lines_of(account)
    errors = [line for line in latest if line.record.status >= 400]
    context = {
        "account": account,
        "lines": latest[:REQUESTS],
        "errors": errors[:ERRORS],
        "read": len(latest),
    }
    return [Panel("console/account_requests.html", context)]


def lines_of(account: str) -> list[Line]:
    """Requests that it served, or failed to as the last one asked; the latest first."""
    records = RequestRecord.objects.filter(account=account).order_by("-id")
    found = records.defer("attempts")[:READ]
    return [Line(one, KINDS[tallies.outcome_of(one.status)]) for one in found]
