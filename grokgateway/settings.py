"""Every start-up setting, read once from the environment, grouped by concern."""

import os
from pathlib import Path

import environ

from grokgateway import dsn, logs
from grokgateway.crypto import keyfiles
from grokgateway.environment import (
    LEVEL_NAMES,
    STORAGE_KINDS,
    Environment,
    allowed_hosts,
    private_folder,
    trusted_origins,
)

BASE_DIR = Path(__file__).resolve().parent.parent
if Path(".env").is_file():
    environ.Env.read_env(Path(".env"))
env = Environment(os.environ)

# Where things live
DATA_DIR = private_folder(env.path("DATA_DIR", BASE_DIR / "data", root=BASE_DIR))
LOG_DIR = env.path("LOG_DIR", BASE_DIR / "logs", root=BASE_DIR)
CONFIG_LOCAL_PATH = env.path(
    "CONFIG_LOCAL_PATH", DATA_DIR / "config.toml", root=BASE_DIR
)
ACCOUNT_LOCAL_PATH = env.path(
    "ACCOUNT_LOCAL_PATH", DATA_DIR / "accounts.db", root=BASE_DIR
)

# Runtime configuration from outside: what the environment says wins over saved rows
GROK_ENVIRON = env.runtime_overrides()
CONFIG_CIPHER = "grokgateway.crypto.ring"
APP_URL = GROK_ENVIRON.get("GROK_APP_APP_URL", "").strip()

# The server process
SERVER_HOST = env.text("SERVER_HOST", "0.0.0.0")  # noqa: S104 - meant for containers
SERVER_PORT = env.whole("SERVER_PORT", 8000, minimum=1, maximum=65_535)
SERVER_WORKERS = env.whole("SERVER_WORKERS", 1, minimum=1, maximum=256)
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")

# Take over the accounts.db of grok2api 2.x in DATA_DIR at the first start
AUTO_IMPORT = env.flag("AUTO_IMPORT", default=False)

# Secrets
DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY") or keyfiles.ensure_secret(DATA_DIR)
CREDENTIAL_KEYS: list[bytes] = keyfiles.parse_keys(
    env.text("CREDENTIAL_KEYS"), origin="CREDENTIAL_KEYS"
) or keyfiles.stored_keys(DATA_DIR)
EMBEDDED_JOBS = True  # `serve --no-jobs` switches them off for its workers
CREDENTIAL_ROWS_EXIST = "grokgateway.startup.encrypted_rows_exist"

# Console access and cookies. A proxy in front ends TLS, so nothing here redirects to
# https, and cookies are marked secure only where the public address is known as https.
ALLOWED_HOSTS = allowed_hosts(env.items("ALLOWED_HOSTS"), SERVER_HOST, APP_URL)
CSRF_TRUSTED_ORIGINS = trusted_origins(env.items("CSRF_TRUSTED_ORIGINS"), APP_URL)
SESSION_COOKIE_NAME = "gateway_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = APP_URL.startswith("https://")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
LOGIN_REDIRECT_URL = "/admin/"  # for sign-in forms sent without `next`
SESSION_COOKIE_AGE = 14 * 24 * 3600  # put off while the console is used
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "grokgateway.console.signing.ConsoleKey",
]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = [
    "security.W004",  # HSTS belongs to the proxy that ends TLS
    "security.W008",  # so does the redirect to https
    "security.W012",  # see above: secure as soon as the address is https
    "security.W016",  # the same for the CSRF cookie
]
DATA_UPLOAD_MAX_MEMORY_SIZE = None  # the runtime keys limits.* bound every body

# Applications
INSTALLED_APPS = [
    "grokgateway.console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "channels",
    "grokgateway.replica",
    "grokgateway.config",
    "grokgateway.jobs",
    "grokgateway",
    "accounts",
    "gateway",
    "media",
    "webui",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "grokgateway.console.headers.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "grokgateway.console.languages.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "grokgateway.console.sessions.ConsoleSession",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "grokgateway.console.unstorable.Unstorable",
    "grokgateway.console.ticked.TickedRows",
]
ROOT_URLCONF = "grokgateway.urls"
ASGI_APPLICATION = "grokgateway.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Stores
ACCOUNT_STORAGE = env.choice("ACCOUNT_STORAGE", "local", STORAGE_KINDS)
ACCOUNT_SYNC_INTERVAL = env.whole("ACCOUNT_SYNC_INTERVAL", 30, minimum=1)
ACCOUNT_SYNC_ACTIVE_INTERVAL = env.whole("ACCOUNT_SYNC_ACTIVE_INTERVAL", 3, minimum=1)
SQL_POOL = dsn.Pool(
    size=env.lenient_whole(
        "ACCOUNT_SQL_POOL_SIZE", 1 if env.serverless() else 5, minimum=1
    ),
    overflow=env.lenient_whole(
        "ACCOUNT_SQL_MAX_OVERFLOW", 2 if env.serverless() else 10, minimum=0
    ),
    timeout_s=env.lenient_whole("ACCOUNT_SQL_POOL_TIMEOUT", 30, minimum=1),
    recycle_s=env.lenient_whole("ACCOUNT_SQL_POOL_RECYCLE", 1800, minimum=0),
)
DATABASES = {
    "default": dsn.chosen_database(
        env,
        local_file=ACCOUNT_LOCAL_PATH.parent / "gateway.db",
        root=BASE_DIR,
        pool=SQL_POOL,
    )
}
if DATABASES["default"]["ENGINE"] == dsn.MYSQL:
    dsn.use_pymysql()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = dsn.chosen_redis(env)
# Where Redis is the store: its address, and the tables of which each node has a copy,
# those first that others refer to
SHARED_STORE = dsn.chosen_store(env, REDIS_URL)
REPLICATED_MODELS = [
    "accounts.DirectoryRevision",
    "accounts.Account",
    "accounts.QuotaWindow",
    "accounts.StatusEvent",
    "accounts.Declaration",
    "accounts.RestorePoint",
    "accounts.RestoreRow",
    "config.ConfigRevision",
    "config.ConfigOverride",
    "config.ConfigHistory",
]
CACHES = dsn.caches(REDIS_URL)
CHANNEL_LAYERS = dsn.channel_layers(REDIS_URL)

# Files that are kept. Another storage may stand here: see docs/media.md
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "media": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files"},
    },
}

MEDIA_ACCEL_PREFIX = env.text("MEDIA_ACCEL_PREFIX").strip("/")

# Time and language
USE_TZ = True
TIME_ZONE = env.zone("TZ", "Asia/Shanghai")
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("zh-hans", "Simplified Chinese"),
    ("de", "German"),
    ("es", "Spanish"),
    ("fr", "French"),
    ("ja", "Japanese"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
FORMAT_MODULE_PATH = ["grokgateway.formats"]

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"

# Logs
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", LEVEL_NAMES)
LOG_FILE_ENABLED = env.flag("LOG_FILE_ENABLED", default=True)
LOGGING = logs.setup(LOG_LEVEL, TIME_ZONE, LOG_DIR if LOG_FILE_ENABLED else None)

# Mail for alerts; without an address it goes to the log
vars().update(env.email("EMAIL_URL", "consolemail://"))
