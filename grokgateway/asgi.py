"""ASGI entry point; any ASGI server may run `grokgateway.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grokgateway.settings")
django_application = get_asgi_application()

from django.conf import settings  # noqa: E402 - after the app registry
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: E402 - likewise

from grokgateway import routing  # noqa: E402 - likewise
from grokgateway.application import Application  # noqa: E402 - likewise
from grokgateway.bounds import Bounded  # noqa: E402 - likewise

application = Application(
    django=Bounded(ASGIStaticFilesHandler(django_application)),
    websocket=routing.application,
    sync_s=settings.ACCOUNT_SYNC_ACTIVE_INTERVAL,
    jobs=settings.EMBEDDED_JOBS,
)
