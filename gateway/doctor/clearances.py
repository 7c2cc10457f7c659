"""How old a clearance is: a solver's by its row, one set by hand by its own text."""

import re
import time

from gateway.egress.bundles import Bundle
from gateway.egress.settings import Settings

# Cloudflare writes the time of the solve into it: <hash>-<unix time>-<version>-...
STAMP = re.compile(r"cf_clearance=[^;]*?-(1\d{9})-")
RENEWAL_SLACK = 1.2


def age_of(bundle: Bundle) -> float | None:
    """Seconds since it was solved; None where that is not known."""
    return max(0.0, time.time() - bundle.made_at) if bundle.made_at else None


def age_in(cookies: str) -> float | None:
    found = STAMP.search(cookies)
    return max(0.0, time.time() - int(found.group(1))) if found else None


def too_old(age_s: float | None, settings: Settings) -> bool:
    """Older than one would be that is renewed as configured."""
    interval_s = settings.number("proxy.clearance.refresh_interval")
    return age_s is not None and age_s > RENEWAL_SLACK * interval_s


def minutes(age_s: float) -> int:
    return round(age_s / 60)
