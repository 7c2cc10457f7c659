"""What stands above every console page until somebody mends it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gateway.egress import home as ways_out
from gateway.egress.nodes import Scope
from gateway.errors import GatewayError
from gateway.exits import browser
from grokgateway import config, keysessions
from grokgateway.config.crosschecks import FORMATS


@dataclass(frozen=True, slots=True)
class Banner:
    """A state to be mended and the page where that is done; `level` as of messages."""

    text: str | Promise
    link: str = ""
    action: str | Promise = ""
    level: str = "warning"


Source = Callable[[HttpRequest], Banner | None]


def shipped_key(request: HttpRequest) -> Banner | None:
    if not keysessions.shipped():
        return None
    page = reverse("admin:console_key")
    mends = request.user.is_superuser and request.path != page
    return Banner(
        _("The console key is still the one everybody knows."),
        page if mends else "",
        _("Change it now"),
        level="error",
    )


def open_webui(request: HttpRequest) -> Banner | None:
    now = config.current()
    if not now.flag("app.webui_enabled") or now.text("app.webui_key"):
        return None
    told = _("The Web UI is open to everyone who reaches it: it has no password.")
    return Banner(told, setting(request, "app.webui_key"), _("Set one"))


def relative_links(request: HttpRequest) -> Banner | None:
    now = config.current()
    local = any(now.text(name).startswith("local_") for name in FORMATS)
    if not local or now.text("app.app_url"):
        return None
    told = _(
        "Answers link media at this gateway, but its public address is not set: "
        "clients elsewhere cannot open the links."
    )
    return Banner(told, setting(request, "app.app_url"), _("Set it"))


def no_way_out(request: HttpRequest) -> Banner | None:
    """As this process sees it."""
    mode = config.current().text("proxy.egress.mode")
    try:
        ways_out.current().take(config.current(), Scope.CHAT, 0)
    except GatewayError:
        told = _("No proxy can be used, so all calls upstream are refused.")
        may = request.user.has_perm("gateway.view_egressnode")
        link = reverse("admin:gateway_egressnode_changelist") if may else ""
        return Banner(told, link, _("Look at the proxy nodes"), level="error")
    manual = config.current().text("proxy.clearance.mode") == "manual"
    if manual and mode == "proxy_pool" and some_without_cookies():
        told = _(
            "Cookies set by hand fit one exit: there are proxies without any of their "
            "own."
        )
        return Banner(told, setting(request, "proxy.clearance.mode"), _("Change it"))
    return None


def some_without_cookies() -> bool:
    home = ways_out.current()
    nodes = home.nodes(config.current())
    return any(node.name not in home.rows.manual for node in nodes)


def odd_browser(request: HttpRequest) -> Banner | None:
    trouble = browser.seen(config.current()).trouble
    if not trouble:
        return None
    return Banner(trouble, setting(request, "proxy.egress.impersonate"), _("Change it"))


def setting(request: HttpRequest, name: str) -> str:
    """The field of a key, for those who may see it."""
    if not request.user.has_perm("config.view_configoverride"):
        return ""
    page = reverse("admin:config_group", args=[config.KEYS[name].group])
    return f"{page}#{name}"


# Asked on every page: from memory only, no query.
SOURCES: tuple[Source, ...] = (
    shipped_key,
    open_webui,
    relative_links,
    no_way_out,
    odd_browser,
)


def shown_to(request: HttpRequest) -> list[Banner]:
    made = (source(request) for source in SOURCES)
    return [banner for banner in made if banner is not None]
