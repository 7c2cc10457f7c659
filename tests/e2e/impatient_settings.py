"""The product's settings, with upstream waited for no longer than a second or two.

Operators may not choose so short a time; a matrix of faults cannot wait for theirs.
The breaker stays closed: it is there to see that many accounts meet one fault at once,
which is all that such a matrix makes.
"""

from accounts import breaker
from grokgateway.config import registry
from grokgateway.settings import *  # noqa: F403 - the point of this module

for name in (
    *("chat.timeout", "image.timeout", "image.stream_timeout", "video.timeout"),
    *("asset.upload_timeout", "asset.download_timeout"),
):
    object.__setattr__(registry.KEYS[name], "minimum", 1)  # keys are frozen

breaker.LEAST_ACCOUNTS = 1_000_000
ROOT_URLCONF = "tests.e2e.standing_urls"
