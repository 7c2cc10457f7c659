"""System checks: what works but is hardly meant about the way to upstream."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning
from django.db import Error

from gateway.exits import browser
from grokgateway import config


def check_browser(
    app_configs: Sequence[AppConfig] | None, **kwargs: object
) -> list[CheckMessage]:
    """By the saved configuration, if the database can be asked."""
    try:
        seen = browser.seen(config.current())
    except Error:
        return []
    if not seen.trouble:
        return []
    return [Warning(str(seen.trouble), hint=seen.user_agent, id="gateway.W001")]
