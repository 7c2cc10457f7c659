"""The ASGI application for Vercel, which looks for `app` here.

A function keeps nothing on disk and is frozen between requests, so its stores are
outside and jobs are left to a `manage.py worker` elsewhere; docs/vercel.md tells more.
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

NEEDED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS")
missing = [name for name in NEEDED if not os.environ.get(name)]
if missing:
    raise RuntimeError(
        f"Set {', '.join(missing)}: a function keeps no files of its own."
    )

# The one writable place of a function
os.environ["DATA_DIR"] = str(Path(tempfile.gettempdir()) / "grok-gateway")
os.environ["LOG_FILE_ENABLED"] = "false"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grokgateway.settings")

from django.conf import settings  # noqa: E402 - after the variables it reads

settings.EMBEDDED_JOBS = False

from grokgateway.asgi import application as app  # noqa: E402 - after the settings

__all__ = ["app"]
