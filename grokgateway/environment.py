"""Typed reading of start-up variables from a mapping; `settings` has the real one.

A variable that is empty counts as not set. A value that cannot be used stops the start
with its name and the rule; a value that may hold a secret is never shown.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured
from environ import Env

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
TRUE_TEXTS = frozenset({"1", "true", "yes", "on"})
FALSE_TEXTS = frozenset({"0", "false", "no", "off"})
LEVEL_NAMES = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
STORAGE_KINDS = ("local", "redis", "mysql", "postgresql")
SERVERLESS_MARKS = (
    "VERCEL",
    "AWS_LAMBDA_FUNCTION_NAME",
    "FUNCTIONS_WORKER_RUNTIME",
)
ALIASES = {
    "FLARESOLVERR_URL": "GROK_PROXY_CLEARANCE_FLARESOLVERR_URL",
    "CF_REFRESH_INTERVAL": "GROK_PROXY_CLEARANCE_REFRESH_INTERVAL",
    "CF_TIMEOUT": "GROK_PROXY_CLEARANCE_TIMEOUT_SEC",
}
KNOWN_NAMES = (
    "TZ",
    "LOG_LEVEL",
    "LOG_FILE_ENABLED",
    "LOG_DIR",
    "DATA_DIR",
    "MEDIA_ACCEL_PREFIX",
    "CONFIG_LOCAL_PATH",
    "SERVER_HOST",
    "SERVER_PORT",
    "SERVER_WORKERS",
    "HOST_PORT",
    "SECRET_KEY",
    "CREDENTIAL_KEYS",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "TRUSTED_PROXIES",
    "DEBUG",
    "DATABASE_URL",
    "REDIS_URL",
    "ACCOUNT_STORAGE",
    "ACCOUNT_LOCAL_PATH",
    "ACCOUNT_REDIS_URL",
    "ACCOUNT_MYSQL_URL",
    "ACCOUNT_POSTGRESQL_URL",
    "ACCOUNT_SQL_POOL_SIZE",
    "ACCOUNT_SQL_MAX_OVERFLOW",
    "ACCOUNT_SQL_POOL_TIMEOUT",
    "ACCOUNT_SQL_POOL_RECYCLE",
    "ACCOUNT_SYNC_INTERVAL",
    "ACCOUNT_SYNC_ACTIVE_INTERVAL",
    "EMAIL_URL",
    "AUTO_IMPORT",
    *ALIASES,
)


class BadVariable(ImproperlyConfigured):
    """A start-up variable has a value that cannot be used."""


@dataclass(frozen=True, slots=True)
class Environment:
    values: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, "").strip() or default

    def flag(self, name: str, *, default: bool) -> bool:
        text = self.text(name).lower()
        if text and text not in TRUE_TEXTS | FALSE_TEXTS:
            raise BadVariable(f"{name} must be true or false (1/0, yes/no, on/off).")
        return text in TRUE_TEXTS if text else default

    def whole(
        self, name: str, default: int, *, minimum: int, maximum: int = 2**31 - 1
    ) -> int:
        text = self.text(name)
        try:
            number = int(text) if text else default
        except ValueError:
            raise BadVariable(f"{name} must be a whole number.") from None
        if not minimum <= number <= maximum:
            raise BadVariable(f"{name} must be from {minimum} to {maximum}.")
        return number

    def lenient_whole(self, name: str, default: int, *, minimum: int) -> int:
        """Fall back on bad input, as the pool variables always did."""
        try:
            return max(int(self.text(name)), minimum)
        except ValueError:
            return default

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        text = self.text(name, default)
        for choice in choices:
            if choice.lower() == text.lower():
                return choice
        raise BadVariable(f"{name} must be one of {', '.join(choices)}.")

    def items(self, name: str) -> list[str]:
        parts = (part.strip() for part in self.text(name).split(","))
        return [part for part in parts if part]

    def path(self, name: str, default: Path, *, root: Path) -> Path:
        """Return an absolute path; a relative one counts from the project root."""
        text = self.text(name)
        return root / Path(text).expanduser() if text else default

    def networks(self, name: str) -> list[Network]:
        try:
            return [ipaddress.ip_network(item) for item in self.items(name)]
        except ValueError as exc:
            raise BadVariable(f"{name} must list addresses or networks: {exc}") from exc

    def zone(self, name: str, default: str) -> str:
        text = self.text(name, default)
        try:
            return ZoneInfo(text).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise BadVariable(f"{name} must be a zone such as Europe/Berlin.") from None

    def email(self, name: str, default: str) -> Mapping[str, object]:
        """Return Django's EMAIL_* settings for an address such as smtp+tls://."""
        try:
            found: Mapping[str, object] = Env.email_url_config(self.text(name, default))
        except Exception:  # noqa: BLE001 - the parser names no errors of its own
            raise BadVariable(f"{name} must be a mail server's address.") from None
        return {key: value for key, value in found.items() if key.startswith("EMAIL_")}

    def serverless(self) -> bool:
        return any(mark in self.values for mark in SERVERLESS_MARKS)

    def runtime_overrides(self) -> dict[str, str]:
        """Return every GROK_ variable; three have an older name that stands in."""
        found = {n: v for n, v in self.values.items() if n.startswith("GROK_")}
        for alias, name in ALIASES.items():
            if self.text(alias):
                found.setdefault(name, self.text(alias))
        return found


def allowed_hosts(given: Sequence[str], server_host: str, app_url: str) -> list[str]:
    """Return the given names, else those that always mean this machine or this site."""
    if given:
        return list(given)
    hosts = ["localhost", ".localhost", "127.0.0.1", "[::1]"]
    for host in (server_host, urlsplit(app_url).hostname or ""):
        if host and host not in {"0.0.0.0", "::", *hosts}:  # noqa: S104 - compared
            hosts.append(f"[{host}]" if ":" in host else host)
    return hosts


def trusted_origins(given: Sequence[str], app_url: str) -> list[str]:
    parts = urlsplit(app_url)
    own = [f"{parts.scheme}://{parts.netloc}"] if parts.scheme and parts.netloc else []
    return list(dict.fromkeys([*given, *own]))


def private_folder(path: Path) -> Path:
    """Make the folder for its owner alone, if it is not there yet."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise BadVariable(f"The data folder {path} cannot be made: {exc}") from exc
    return path
