"""How a proxy node fares, as columns."""

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway.egress.causes import TABLE
from gateway.egress_tables import EgressNode
from grokgateway.marks import BAD, GOOD, IDLE, OFF, WAIT, badge

FACTS = (
    "state",
    "health",
    "latency",
    "exit_address",
    "trouble",
    "failed_at",
    "succeeded_at",
    "checked_at",
)
FEW_FAILURES = 0.8


class NodeHealth:
    """Part of the pages of nodes."""

    @admin.display(description=_("state"), ordering="cooled_until")
    def state(self, node: EgressNode) -> SafeString:
        if not node.enabled:
            return badge(OFF, gettext("switched off"))
        if node.is_out(timezone.now()):
            return badge(BAD, gettext("out"))
        if node.succeeded_at is None:
            return badge(IDLE, gettext("not used yet"))
        if node.failures or node.score < FEW_FAILURES:
            return badge(WAIT, gettext("unsteady"))
        return badge(GOOD, gettext("works"))

    @admin.display(description=_("cookies are set"), boolean=True)
    def has_cookies(self, node: EgressNode) -> bool:
        return node.manual_ciphertext is not None

    @admin.display(description=_("health"), ordering="score")
    def health(self, node: EgressNode) -> str:
        return f"{round(node.score * 100)} %"

    @admin.display(description=_("latency"), ordering="latency_ms")
    def latency(self, node: EgressNode) -> str:
        return f"{node.latency_ms} ms" if node.latency_ms else "-"

    @admin.display(description=_("accounts"))
    def accounts(self, node: EgressNode) -> int:
        return int(getattr(node, "bound", 0))

    @admin.display(description=_("last error"), ordering="failed_at")
    def trouble(self, node: EgressNode) -> SafeString | str:
        cause = TABLE.get(node.last_error)
        if cause is None:
            return node.last_error or "-"
        return format_html('<span title="{}">{}</span>', cause.remedy, cause.code)
