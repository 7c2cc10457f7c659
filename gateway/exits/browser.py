"""Which browser we are to upstream, and whether all of it fits together."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gateway.egress import home, profiles
from gateway.egress.settings import Settings
from gateway.upstream import impersonation

NOT_INSTALLED = _(
    "proxy.egress.impersonate is on, but the packages of requirements/impersonate.txt "
    "are not installed: TLS is Python's own."
)
NO_BROWSER = _(
    "A user agent in use names no browser, so its TLS profile is one by the "
    "configuration: correct proxy.clearance.user_agent."
)
OTHER_VERSION = _(
    "No TLS profile is that of a user agent in use; the nearest, of another version, "
    "is taken."
)


@dataclass(frozen=True, slots=True)
class Browser:
    """`profile` is empty where TLS is Python's own; `trouble` where all is well."""

    user_agent: str
    profile: str
    trouble: str | Promise = ""


def seen(settings: Settings) -> Browser:
    """The configured one, or the first in use that is not of a piece; from memory."""
    browsers = [judged(agent, settings) for agent in agents(settings)]
    return next((one for one in browsers if one.trouble), browsers[0])


def agents(settings: Settings) -> Iterator[str]:
    yield settings.text("proxy.clearance.user_agent")
    for bundle in home.current().rows.bundles.values():
        if bundle.valid and bundle.user_agent:
            yield bundle.user_agent


def judged(agent: str, settings: Settings) -> Browser:
    if not settings.flag(impersonation.SWITCH):
        return Browser(agent, "")
    if not impersonation.INSTALLED:
        return Browser(agent, "", NOT_INSTALLED)
    fit = impersonation.profile(agent, settings.text("proxy.clearance.browser"))
    name = fit.name if fit else ""
    if profiles.wanted_by(agent) is None:
        return Browser(agent, name, NO_BROWSER)
    return Browser(agent, name, "" if fit and fit.exact else OTHER_VERSION)
