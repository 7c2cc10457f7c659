"""The gateway's settings, switched to backends that tests may use freely."""

from grokgateway.settings import *  # noqa: F403 - the point of this module

SECRET_KEY = "only-for-tests"
CREDENTIAL_KEYS = [bytes(range(32))]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
    }
}
