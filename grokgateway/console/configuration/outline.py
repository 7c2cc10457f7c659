"""How keys are laid out for people: groups, their sections, what depends on what."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from grokgateway.config import GROUPS, KEYS, Key

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Section:
    """Keys under one heading, by name or, with a dot at the end, by prefix."""

    title: Text
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    slug: str
    title: Text
    about: Text
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """The key matters only while another one has one of these values."""

    chooser: str
    values: tuple[str, ...]


TABS = (
    Group(
        "system",
        _("System"),
        _("Who may enter, under which address, and what is written to the log."),
        (
            Section(_("Access"), ("app.app_key", "app.api_key", "app.allow_anonymous")),
            Section(_("Web UI"), ("app.webui_enabled", "app.webui_key")),
            Section(
                _("Address and pages"),
                ("app.app_url", "app.docs_enabled", "app.check_updates"),
            ),
            Section(_("Scripts and monitoring"), ("admin.",)),
            Section(_("Log file"), ("logging.",)),
        ),
    ),
    Group(
        "features",
        _("Features"),
        _("What is asked of upstream, and what an answer holds."),
        (
            Section(
                _("Asked of upstream"),
                (
                    "features.temporary",
                    "features.memory",
                    "features.custom_instruction",
                    "features.auto_chat_mode_fallback",
                    "features.dynamic_statsig",
                    "features.enable_nsfw",
                ),
            ),
            Section(
                _("Answers"),
                (
                    "features.stream",
                    "features.thinking",
                    "features.thinking_summary",
                    "features.show_search_sources",
                    "features.enforce_max_tokens",
                ),
            ),
            Section(
                _("Images and videos"),
                (
                    "features.image_format",
                    "features.video_format",
                    "features.imagine_public_image_proxy",
                ),
            ),
        ),
    ),
    Group(
        "accounts",
        _("Accounts"),
        _("How accounts are chosen, and when their quota is asked for."),
        (
            Section(_("Choice"), ("account.refresh.enabled", "account.selection.")),
            Section(_("Refresh"), ("account.refresh.",)),
        ),
    ),
    Group(
        "proxy",
        _("Proxy"),
        _("The way to upstream, and the cookies that let requests through."),
        (
            Section(_("Egress"), ("proxy.egress.",)),
            Section(_("Clearance"), ("proxy.clearance.",)),
        ),
    ),
    Group(
        "retry", _("Retry"), _("What is tried again after a failure, and how often.")
    ),
    Group(
        "timeouts",
        _("Timeouts"),
        _("How long upstream may be silent or busy."),
        (
            Section(_("Chat and voice"), ("chat.", "voice.")),
            Section(_("Images and videos"), ("image.", "video.")),
            Section(_("Files and accounts"), ("asset.", "nsfw.")),
        ),
    ),
    Group(
        "upstream",
        _("Upstream"),
        _("Where upstream is and which of its forms is spoken. Rarely changed."),
        (
            Section(
                _("Addresses"),
                (
                    "upstream.base_url",
                    "upstream.ws_url",
                    "upstream.assets_url",
                    "upstream.accounts_url",
                    "upstream.livekit_url",
                    "upstream.media_hosts",
                ),
            ),
            Section(_("Signed header"), ("upstream.statsig",)),
            Section(_("Forms of requests"), ("upstream.",)),
        ),
    ),
    Group(
        "cache",
        _("Cache"),
        _("How much is kept of images and videos, and for how long."),
        (Section(_("Space and age"), ("cache.local.",)),),
    ),
    Group(
        "video", _("Video jobs"), _("How many run and wait, and how long they live.")
    ),
    Group("webui", _("Web UI limits"), _("What one session of the Web UI may do.")),
    Group("batch", _("Bulk work"), _("How much is done at once in jobs on accounts.")),
    Group("limits", _("Request limits"), _("The largest requests that are accepted.")),
    Group("retention", _("Retention"), _("How long rows are kept before they go.")),
    Group("alerts", _("Alerts"), _("Who is told when something needs a person.")),
)
PROSE = frozenset({"features.custom_instruction"})
GENERATED = frozenset(
    {"app.app_key", "app.api_key", "app.webui_key", "admin.metrics_token"}
)
MODE = "proxy.egress.mode"
CLEARANCE = "proxy.clearance.mode"
SOLVED = ("flaresolverr", "on_demand")
PROXIED = ("single_proxy", "proxy_pool")
CONDITIONS = {
    "app.webui_key": Condition("app.webui_enabled", ("on",)),
    "proxy.egress.proxy_url": Condition(MODE, ("single_proxy",)),
    "proxy.egress.proxy_pool": Condition(MODE, ("proxy_pool",)),
    "proxy.egress.resource_proxy_url": Condition(MODE, ("single_proxy",)),
    "proxy.egress.resource_proxy_pool": Condition(MODE, ("proxy_pool",)),
    "proxy.egress.skip_ssl_verify": Condition(MODE, PROXIED),
    "proxy.clearance.cf_cookies": Condition(CLEARANCE, ("manual",)),
    "proxy.clearance.cf_clearance": Condition(CLEARANCE, ("manual",)),
    "proxy.clearance.flaresolverr_url": Condition(CLEARANCE, SOLVED),
    "proxy.clearance.timeout_sec": Condition(CLEARANCE, SOLVED),
    "proxy.clearance.refresh_interval": Condition(CLEARANCE, ("flaresolverr",)),
}


def groups() -> tuple[Group, ...]:
    """Return the tabs; a group of the registry without one gets a plain tab."""
    known = {group.slug for group in TABS}
    missing = (slug for slug in GROUPS if slug not in known)
    return (*TABS, *(Group(slug, slug.capitalize(), "") for slug in missing))


def group(slug: str) -> Group | None:
    return next((one for one in groups() if one.slug == slug), None)


def keys_of(chosen: Group) -> list[Key]:
    return [key for key in KEYS.values() if key.group == chosen.slug]


def sections(chosen: Group) -> Iterator[tuple[Text, list[Key]]]:
    """Yield each heading with its keys: of two that fit a key, the first has it."""
    left = keys_of(chosen)
    for section in chosen.sections:
        found = [key for name in section.holds for key in left if fits(key, name)]
        found = list(dict.fromkeys(found))
        left = [key for key in left if key not in found]
        if found:
            yield section.title, found
    if left:
        yield (_("More") if chosen.sections else ""), left


def fits(key: Key, name: str) -> bool:
    return key.name == name or (name not in KEYS and key.name.startswith(name))
