"""The way of fetches without a login that end at upstream's hosts all the same.

Callers may name pictures there. In a proxied mode nothing goes to these hosts but by a
proxy; strangers' hosts are reached as ever.
"""

import httpx

from gateway.egress import home
from gateway.egress.nodes import DIRECT, Scope
from gateway.upstream import pool
from gateway.upstream.limits import Settings
from gateway.upstream.transport import Dial
from gateway.upstream.tunnels import Tunnel


def dial(url: httpx.URL, settings: Settings) -> Dial | None:
    """None for a host that is not upstream's, and in direct mode.

    Raises GatewayError where no node is usable.
    """
    if settings.text("proxy.egress.mode") == DIRECT:
        return None
    if not pool.current().channel(settings).hosts.are_called(url.host):
        return None
    node = home.current().take(settings, Scope.RESOURCE, 0).node.for_account(0)
    assert node.proxy is not None  # noqa: S101 - no proxied mode takes the direct one
    return Tunnel(node.proxy, pool.HOME.tls(node.verify))
