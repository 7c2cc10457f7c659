"""Database and Redis addresses, in the forms v2 took, as Django settings; pure.

No message holds the address itself, only the name of the variable it came from.
"""

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, unquote, urlsplit

from grokgateway.environment import BadVariable, Environment
from grokgateway.tls import mysql_tls, postgresql_tls

MYSQL = "grokgateway.mysql"  # Django's, with a limit on connections
POSTGRESQL = "django.db.backends.postgresql"
SQLITE = "django.db.backends.sqlite3"
ENGINES = MappingProxyType(
    {
        "mysql": MYSQL,
        "mariadb": MYSQL,
        "mysql+aiomysql": MYSQL,
        "mariadb+aiomysql": MYSQL,
        "mysql+pymysql": MYSQL,
        "mysql+mysqldb": MYSQL,
        "mysql+asyncmy": MYSQL,
        "postgresql": POSTGRESQL,
        "postgres": POSTGRESQL,
        "pgsql": POSTGRESQL,
        "postgresql+asyncpg": POSTGRESQL,
        "postgresql+psycopg": POSTGRESQL,
        "postgresql+psycopg2": POSTGRESQL,
        "sqlite": SQLITE,
        "sqlite+aiosqlite": SQLITE,
    }
)
PREFIX = "g2"
REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})
STORAGE_ENGINES = MappingProxyType({"mysql": MYSQL, "postgresql": POSTGRESQL})
SQLITE_OPTIONS = MappingProxyType(
    {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
)
ADDRESS = re.compile(
    r"""
    (?P<scheme>[a-z][a-z0-9+._-]*)://
    (?:(?P<user>[^:/@]*)(?::(?P<password>[^@]*))?@)?
    (?:\[(?P<ipv6>[^/?\]]+)\]|(?P<host>[^/:?]*))
    (?::(?P<port>\d*))?
    (?:/(?P<name>[^?]*))?
    (?:\?(?P<query>.*))?
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
DRIVER_ONLY = frozenset(  # options of the old async drivers that mean nothing here
    {
        "async_fallback",
        "command_timeout",
        "echo",
        "max_cacheable_statement_size",
        "max_cached_statement_lifetime",
        "prepared_statement_cache_size",
        "prepared_statement_name_func",
        "statement_cache_size",
    }
)
POSTGRESQL_OPTIONS = frozenset(
    [
        *("application_name", "channel_binding", "client_encoding"),
        *("connect_timeout", "gssencmode", "hostaddr"),
        *("keepalives", "keepalives_count", "keepalives_idle"),
        *("keepalives_interval", "load_balance_hosts", "options"),
        *("passfile", "require_auth", "service"),
        *("sslcrl", "sslcrldir", "sslnegotiation"),
        *("sslpassword", "sslsni", "ssl_max_protocol_version"),
        *("ssl_min_protocol_version", "target_session_attrs", "tcp_user_timeout"),
    ]
)
SECONDS = re.compile("[0-9]{1,9}")
MYSQL_NUMBERS = frozenset({"connect_timeout", "read_timeout", "write_timeout"})


@dataclass(frozen=True, slots=True)
class Pool:
    """What one process may keep open to a database server."""

    size: int = 5
    overflow: int = 10
    timeout_s: int = 30
    recycle_s: int = 1800


@dataclass(frozen=True, slots=True)
class Address:
    engine: str
    user: str
    password: str = field(repr=False)
    host: str
    port: str
    name: str
    options: Mapping[str, str]


def parse(dsn: str, *, variable: str) -> Address:
    found = ADDRESS.fullmatch(dsn.strip())
    engine = ENGINES.get(found["scheme"].lower()) if found else None
    if found is None or engine is None:
        raise BadVariable(
            f"{variable} must be an address such as postgresql://, mysql:// or "
            "sqlite:/// (value not shown)."
        )
    options = dict(parse_qsl(found["query"] or "", keep_blank_values=True))
    host = options.pop("host", "") or options.pop("unix_socket", "")
    return Address(
        engine=engine,
        user=unquote(found["user"] or ""),
        password=unquote(found["password"] or ""),
        host=host or found["ipv6"] or unquote(found["host"] or ""),
        port=options.pop("port", "") or found["port"] or "",
        name=unquote(found["name"] or ""),
        options={k: v for k, v in options.items() if k not in DRIVER_ONLY},
    )


def database(
    dsn: str, *, variable: str, root: Path, pool: Pool | None = None
) -> dict[str, object]:
    """Return Django's description of the database; `root` is for a relative file."""
    address = parse(dsn, variable=variable)
    if address.engine == SQLITE:
        return sqlite_file(sqlite_name(address.name, root))
    if not address.name:
        raise BadVariable(f"{variable} must name a database after the host.")
    postgresql = address.engine == POSTGRESQL
    options = (postgresql_options if postgresql else mysql_options)(address, variable)
    kept_s = 0  # a thread's connection; those of PostgreSQL go back to the pool
    if pool is not None and postgresql:
        options["pool"] = pool_options(pool)
    elif pool is not None:
        kept_s = pool.recycle_s
    return {
        "ENGINE": address.engine,
        "NAME": address.name,
        "USER": address.user,
        "PASSWORD": address.password,
        "HOST": address.host,
        "PORT": address.port,
        "CONN_MAX_AGE": kept_s,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def sqlite_file(name: str | Path) -> dict[str, object]:
    return {"ENGINE": SQLITE, "NAME": str(name), "OPTIONS": dict(SQLITE_OPTIONS)}


def sqlite_name(name: str, root: Path) -> str:
    return ":memory:" if name in {"", ":memory:"} else str(root / name)


def pool_options(pool: Pool) -> dict[str, int]:
    options = {
        "min_size": 1,
        "max_size": pool.size + pool.overflow,
        "timeout": pool.timeout_s,
    }
    return options | ({"max_lifetime": pool.recycle_s} if pool.recycle_s else {})


def postgresql_options(address: Address, variable: str) -> dict[str, object]:
    tls, rest = postgresql_tls(address.options, variable=variable)
    refuse_unknown(rest, POSTGRESQL_OPTIONS, variable)
    return {**rest, **tls}


def mysql_options(address: Address, variable: str) -> dict[str, object]:
    tls, rest = mysql_tls(address.options, variable=variable)
    refuse_unknown(rest, MYSQL_NUMBERS | {"charset"}, variable)
    options: dict[str, object] = {"charset": "utf8mb4", **rest, **tls}
    for name in MYSQL_NUMBERS & rest.keys():
        if not SECONDS.fullmatch(rest[name]):
            raise BadVariable(f"{name} of {variable} must be a whole number.")
        options[name] = int(rest[name])
    return options


def refuse_unknown(
    given: Mapping[str, str], known: frozenset[str], variable: str
) -> None:
    for name in given.keys() - known:
        raise BadVariable(f"{variable} has a parameter that is not known: {name}.")


def use_pymysql() -> None:
    """Let Django's MySQL backend find the pure Python driver."""
    try:
        pymysql = importlib.import_module("pymysql")
    except ModuleNotFoundError:
        raise BadVariable(
            "A MySQL database needs the packages of requirements/mysql.txt."
        ) from None
    pymysql.install_as_MySQLdb()


def chosen_database(
    env: Environment, *, local_file: Path, root: Path, pool: Pool
) -> dict[str, object]:
    """Follow DATABASE_URL, else ACCOUNT_STORAGE and its own address."""
    storage = env.text("ACCOUNT_STORAGE", "local").lower()
    variable = "DATABASE_URL"
    dsn = env.text(variable)
    if not dsn and storage in STORAGE_ENGINES:
        variable = f"ACCOUNT_{storage.upper()}_URL"
        dsn = env.text(variable)
        if not dsn:
            raise BadVariable(f"ACCOUNT_STORAGE={storage} needs {variable}.")
        if parse(dsn, variable=variable).engine != STORAGE_ENGINES[storage]:
            raise BadVariable(f"{variable} must be the address of a {storage} server.")
    if not dsn:
        return sqlite_file(local_file)
    return database(dsn, variable=variable, root=root, pool=pool)


def chosen_redis(env: Environment) -> str:
    """Return the one Redis address, or nothing."""
    own, alias = env.text("REDIS_URL"), env.text("ACCOUNT_REDIS_URL")
    if own and alias and own != alias:
        raise BadVariable(
            "REDIS_URL and ACCOUNT_REDIS_URL differ (values not shown): keep one."
        )
    url = own or alias
    if not url and env.text("ACCOUNT_STORAGE").lower() == "redis":
        raise BadVariable("ACCOUNT_STORAGE=redis needs REDIS_URL or ACCOUNT_REDIS_URL.")
    if url and scheme_of(url) not in REDIS_SCHEMES:
        name = "REDIS_URL" if own else "ACCOUNT_REDIS_URL"
        raise BadVariable(f"{name} must begin with redis://, rediss:// or unix://.")
    return url


def scheme_of(url: str) -> str:
    """Empty where it is no address at all."""
    try:
        return urlsplit(url).scheme.lower()
    except ValueError:
        return ""


def chosen_store(env: Environment, redis_url: str) -> str:
    """Return the Redis that keeps accounts and configuration, or nothing."""
    own = env.text("ACCOUNT_STORAGE").lower() == "redis"
    return redis_url if own and not env.text("DATABASE_URL") else ""


CACHE_TABLE = "grokgateway_cache"  # made by a migration of grokgateway.jobs
ROOM = {"MAX_ENTRIES": 20_000}
REDIS_TIMEOUT_S = 2


def caches(redis_url: str) -> dict[str, dict[str, object]]:
    """Shared by all processes: sign-in failures and tickets are told of in it."""
    stored: dict[str, object] = {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        **{"LOCATION": CACHE_TABLE, "OPTIONS": ROOM},
    }
    if not redis_url:
        return {"default": stored}
    shared: dict[str, object] = {
        "BACKEND": "grokgateway.caching.SharedCache",
        "LOCATION": redis_url,
        "KEY_PREFIX": PREFIX,
        "OPTIONS": dict.fromkeys(
            ("SOCKET_CONNECT_TIMEOUT", "SOCKET_TIMEOUT"), REDIS_TIMEOUT_S
        ),
    }
    return {"default": shared, "stored": stored}


def channel_layers(redis_url: str) -> dict[str, dict[str, object]]:
    if redis_url:
        return {
            "default": {
                "BACKEND": "grokgateway.channels.ChannelLayer",
                "CONFIG": {"hosts": [redis_url], "prefix": f"{PREFIX}:channels"},
            }
        }
    return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
