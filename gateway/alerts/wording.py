"""Alerts in words: what is wrong, and what to do about it."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

TITLES: Mapping[str, tuple[Text, Text]] = {
    "pool_empty": (
        _("No %(pool)s account can serve: 0 of %(of)s are active."),
        _("Refresh or replace them; the list of accounts tells the reasons."),
    ),
    "pool_low": (
        _("Few %(pool)s accounts are left: %(active)s of %(of)s are active."),
        _("Look at why the others are out before these run dry."),
    ),
    "upstream_paused": (
        _("Calls for %(operation)s %(mode)s are paused: %(fault)s on many accounts."),
        _("Upstream or the way out fails for all alike; it is tried again by itself."),
    ),
    "requests_failing": (
        _("%(percent)s %% of the last %(requests)s requests failed."),
        _("The request log tells which layer is at fault."),
    ),
    "disk_low": (
        _("Only %(free_mb)s MB of disk are free, %(floor_mb)s MB are wanted."),
        _("Make room, or lower the limits of the media cache."),
    ),
    "worker_missing": (
        _("%(jobs)s jobs wait for a worker."),
        _("Start `manage.py worker`, or let the server run jobs itself."),
    ),
    "no_egress": (
        _("No proxy for %(scope)s can be used: 0 of %(of)s are sound."),
        _("Calls are refused, never sent direct. Look at the list of proxy nodes."),
    ),
    "clearance_failing": (
        _("No clearance could be had for %(node)s, %(times)s times: %(reason)s."),
        _("See that the solver runs and reaches upstream through this node."),
    ),
    "upstream_drift": (
        _("Upstream sends something new: %(name)s, in %(percent)s %% of the answers."),
        _("Answers go on. `manage.py drift` shows a sample to report with a bug."),
    ),
    "form_changed": (
        _("Upstream does not take %(operation)s requests in the usual form."),
        _("They go out in the form %(form)s; the usual one is tried every hour."),
    ),
    "test": (_("This is a test; nothing is wrong."), ""),
}


def told(kind: str, about: Mapping[str, object]) -> str:
    """One sentence in the language that is active."""
    sentence, _remedy = TITLES.get(kind, (kind, ""))
    try:
        return str(sentence) % about
    except (KeyError, ValueError):  # a row of another version
        return kind


def remedy(kind: str) -> str:
    return str(TITLES.get(kind, ("", ""))[1])
