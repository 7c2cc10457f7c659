"""Panel: what wants a person now."""

from django.http import HttpRequest

from gateway.alert_tables import Alert
from gateway.alerts import wording
from grokgateway.console.panels import Panel

SHOWN = 10


def panel(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("gateway.view_alert"):
        return None
    open_ones = list(Alert.objects.filter(ended_at=None).order_by("since")[:SHOWN])
    lines = [
        (
            wording.told(one.kind, one.about),
            wording.remedy(one.kind),
            one.since,
            one.examination,
        )
        for one in open_ones
    ]
    # drawn even if nothing is wrong, so that the page can show what comes up later
    return Panel("console/overview/wrong.html", {"lines": lines}, name="wrong")
