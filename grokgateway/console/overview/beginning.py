"""Panel: three steps to a first answer, while there are no accounts."""

from django.http import HttpRequest

from accounts import census
from gateway.models import ApiKey
from grokgateway import config
from grokgateway.console.panels import Panel

SAMPLE_MODEL = "grok-4.20-fast"


def panel(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("accounts.view_account") or census.kept().total:
        return None
    keyed = bool(config.current().items("app.api_key")) or ApiKey.objects.exists()
    context = {
        "base": base_url(request),
        "keyed": keyed,
        "model": SAMPLE_MODEL,
    }
    return Panel("console/overview/beginning.html", context, name="beginning")


def base_url(request: HttpRequest) -> str:
    """Where programs find this gateway: as configured, else as this page was found."""
    configured = config.current().text("app.app_url").rstrip("/")
    return configured or f"{request.scheme}://{request.get_host()}"
