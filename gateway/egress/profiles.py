"""Which TLS profile is that of a user agent: which of those that a library knows."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

NAME = re.compile(r"(chrome|edge|firefox|safari)(\d{2,3})[a-z]?((?:_[a-z]+)?)")
CHROME = re.compile(r"(?:CriOS|Chromium|Chrome)/(\d+)")
EDGE = re.compile(r"(?:EdgA|EdgiOS|Edge|Edg)/(\d+)")
FIREFOX = re.compile(r"(?:Firefox|FxiOS)/(\d+)")
SAFARI = re.compile(r"Version/(\d+)(?:\.(\d+))?\S* (?:Mobile/\S+ )?Safari/")
FALLBACK = "chrome120"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Families in order of preference; Edge speaks as the Chrome of its version does.

    The version of a Safari has its minor one as last digit. Of two systems the first
    is the better.
    """

    families: tuple[str, ...]
    version: int
    systems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """`exact` where the profile is that of this very version."""

    name: str
    exact: bool


def fit(user_agent: str, browser: str, known: Iterable[str]) -> Fit | None:
    """By the user agent, else by the configured `browser`; None if nothing is known."""
    wanted = wanted_by(user_agent) or of_name(browser) or of_name(FALLBACK)
    if wanted is None:
        return None
    found = sorted(candidates(wanted, known))
    return found[0][-1] if found else None


def candidates(
    wanted: Wanted, known: Iterable[str]
) -> Iterator[tuple[int, int, int, int, Fit]]:
    """Profiles with how far off they are, the nearest with the lowest numbers."""
    for name in known:
        parts = NAME.fullmatch(name)
        if parts is None or parts[1] not in wanted.families:
            continue
        if parts[3] not in wanted.systems:
            continue
        version = int(parts[2])
        off = abs(version - wanted.version)
        exact = not off
        yield (
            off,
            wanted.families.index(parts[1]),
            wanted.systems.index(parts[3]),
            version,
            Fit(name, exact),
        )


def wanted_by(user_agent: str) -> Wanted | None:
    systems = systems_of(user_agent.lower())
    if found := FIREFOX.search(user_agent):
        return Wanted(("firefox",), int(found[1]), systems)
    if found := EDGE.search(user_agent):
        return Wanted(("edge", "chrome"), int(found[1]), systems)
    if found := CHROME.search(user_agent):
        return Wanted(("chrome",), int(found[1]), systems)
    if found := SAFARI.search(user_agent):
        version = int(found[1]) * 10 + int(found[2] or 0)
        return Wanted(("safari",), version, systems)
    return None


def systems_of(agent: str) -> tuple[str, ...]:
    if "android" in agent:
        return ("_android", "")
    if "iphone" in agent or "ipad" in agent:
        return ("_ios", "")
    return ("_macos", "") if "mac os x" in agent else ("",)


def of_name(name: str) -> Wanted | None:
    parts = NAME.fullmatch(name)
    if parts is None:
        return None
    return Wanted((parts[1],), int(parts[2]), (parts[3], ""))
