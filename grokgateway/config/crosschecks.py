"""Rules that need more than one key."""

from collections.abc import Mapping
from dataclasses import dataclass

from grokgateway.config.registry import Value


@dataclass(frozen=True, slots=True)
class Need:
    """A key that must have a value while another one has this choice."""

    key: str
    chooser: str
    choice: str

    def missing(self, values: Mapping[str, Value]) -> bool:
        return values[self.chooser] == self.choice and not values[self.key]

    @property
    def message(self) -> str:
        return f"is needed while {self.chooser} is {self.choice}"


NEEDS = (
    Need("proxy.egress.proxy_url", "proxy.egress.mode", "single_proxy"),
    Need("proxy.clearance.flaresolverr_url", "proxy.clearance.mode", "flaresolverr"),
    Need("proxy.clearance.flaresolverr_url", "proxy.clearance.mode", "on_demand"),
)
FORMATS = ("features.image_format", "features.video_format")


def unmet(values: Mapping[str, Value]) -> list[Need]:
    return [need for need in NEEDS if need.missing(values)]


def warnings(values: Mapping[str, Value]) -> list[str]:
    """Return what works but is hardly meant."""
    found = [f"{need.key} {need.message}." for need in unmet(values)]
    cookies = (
        values["proxy.clearance.cf_cookies"] or values["proxy.clearance.cf_clearance"]
    )
    manual = values["proxy.clearance.mode"] == "manual"
    pool = values["proxy.egress.mode"] == "proxy_pool"
    if manual and not cookies and not pool:  # there each node may have its own
        found.append("proxy.clearance.mode is manual, but no cookies are set.")
    if manual and cookies and pool:
        found.append("Cookies of manual mode fit one exit, but there is a proxy pool.")
    app_url = str(values["app.app_url"])
    if app_url.endswith("/v1"):
        found.append("app.app_url ends in /v1; media links leave that out.")
    found.extend(
        f"{name} is {values[name]} while app.app_url is empty: links are relative."
        for name in FORMATS
        if str(values[name]).startswith("local_") and not app_url
    )
    return found
