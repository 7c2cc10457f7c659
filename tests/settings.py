"""The gateway's settings, away from the user's data and on stores tests may use.

TEST_DATABASE_URL runs the suite against another server than a temporary SQLite file.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from grokgateway import dsn
from grokgateway.environment import KNOWN_NAMES

SCRATCH = Path(tempfile.mkdtemp(prefix="grok-gateway-tests-"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
for name in KNOWN_NAMES:
    os.environ[name] = ""  # an empty variable also hides the one in a .env file
for name in [name for name in os.environ if name.startswith("GROK_")]:
    del os.environ[name]
os.environ["DATA_DIR"] = str(SCRATCH / "data")
os.environ["LOG_DIR"] = str(SCRATCH / "logs")
os.environ["LOG_FILE_ENABLED"] = "false"
os.environ["SECRET_KEY"] = "only-for-tests"

from grokgateway.settings import *  # noqa: E402, F403 - with the environment set above

CREDENTIAL_KEYS = [bytes(range(32))]
GROK_ENVIRON = {}
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "")
if TEST_DATABASE_URL:
    DATABASES = {
        "default": dsn.database(
            TEST_DATABASE_URL, variable="TEST_DATABASE_URL", root=SCRATCH
        )
    }
else:
    DATABASES = {
        "default": {
            **dsn.sqlite_file(SCRATCH / "gateway.db"),
            "TEST": {"NAME": str(SCRATCH / "test.db")},
        }
    }
if DATABASES["default"]["ENGINE"] == dsn.MYSQL:
    dsn.use_pymysql()
