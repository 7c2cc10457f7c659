"""What a failed call showed, in words for operators: one for each row of the table."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CAUSES: Mapping[str, str | Promise] = {
    "proxy_auth": _("The proxy does not accept its user name or password."),
    "proxy_refused": _("The proxy refuses to lead to upstream."),
    "proxy_no_route": _("The proxy answers that it cannot reach upstream."),
    "proxy_unreachable": _("Nothing answers at the proxy's address and port."),
    "proxy_timeout": _("The proxy did not answer in time."),
    "proxy_tls": _(
        "The certificate of the proxy, or of what it leads to, is not good."
    ),
    "proxy_protocol": _("What answers at the proxy's address is no proxy of its kind."),
    "proxy_reset": _("The connection through the proxy broke before an answer came."),
    "pinned_out": _("The account is pinned to a node that cannot be used."),
    "challenge": _("Upstream's protection answered with a challenge page."),
    "anti_bot": _("Upstream's protection took the call for a robot's."),
    "no_clearance": _("The solver got no clearance."),
    "dead_login": _("Upstream no longer knows the login of the account."),
    "blocked": _("Upstream has blocked the account."),
    "unauthorized": _("Upstream did not accept the login this time."),
    "forbidden": _("Upstream denies the account access."),
    "no_subscription": _("The account's subscription does not cover the call."),
    "rate_limited": _("Upstream says that the account's limit is reached."),
    "policy": _("Upstream refused the content."),
    "rejected": _("Upstream refused the question as it was put."),
    "server_error": _("Upstream answered with an error of its own."),
    "overloaded": _("Upstream says that it is overloaded."),
    "bad_payload": _("Upstream's answer could not be read."),
    "no_answer": _("Upstream took the call and did not answer in time."),
    "silence": _("Upstream began to answer and fell silent."),
    "cut": _("The connection to upstream broke."),
    "unreachable": _("No connection to upstream could be made."),
    "connect_timeout": _("No connection to upstream was made in time."),
    "not_sent": _("The call was not sent: its address or headers are not allowed."),
}
