import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from grokgateway import dsn
from grokgateway.environment import BadVariable, Environment

ROOT = Path("/root-dir")
MYSQL, POSTGRESQL, SQLITE = dsn.MYSQL, dsn.POSTGRESQL, dsn.SQLITE


def parse(text):
    return dsn.database(text, variable="DATABASE_URL", root=ROOT)


@pytest.mark.parametrize(
    ("text", "engine"),
    [
        *((f"{s}://u:p@h/d", MYSQL) for s in ("mysql", "mariadb", "mysql+aiomysql")),
        *((f"{s}://u:p@h/d", MYSQL) for s in ("mariadb+aiomysql", "mysql+pymysql")),
        *((f"{s}://u:p@h/d", MYSQL) for s in ("mysql+mysqldb", "mysql+asyncmy")),
        *((f"{s}://u:p@h/d", POSTGRESQL) for s in ("postgresql", "postgres", "pgsql")),
        ("postgresql+asyncpg://u:p@h/d", POSTGRESQL),
        ("postgresql+psycopg://u:p@h/d", POSTGRESQL),
        ("postgresql+psycopg2://u:p@h/d", POSTGRESQL),
        ("PostgreSQL://u:p@h/d", POSTGRESQL),
        ("sqlite:///x.db", SQLITE),
        ("sqlite+aiosqlite:///x.db", SQLITE),
    ],
)
def test_every_scheme_of_v2_is_known(text, engine):
    assert parse(text)["ENGINE"] == engine


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            "postgresql://me:p%40ss%2525@host:5433/db",
            {"USER": "me", "PASSWORD": "p@ss%25", "HOST": "host", "PORT": "5433"},
        ),
        ("postgresql://me:a/b#c?d@host/db", {"PASSWORD": "a/b#c?d", "NAME": "db"}),
        ("postgresql://me:@host/db", {"USER": "me", "PASSWORD": ""}),
        ("postgresql://me@host/db", {"USER": "me", "PASSWORD": "", "PORT": ""}),
        ("postgresql://u:p@[::1]:5432/db", {"HOST": "::1", "PORT": "5432"}),
        ("postgresql://u:p@/db?host=/run/pg", {"HOST": "/run/pg", "NAME": "db"}),
        ("postgresql://u:p@%2Frun%2Fpg/db", {"HOST": "/run/pg"}),
        ("postgresql:///db", {"HOST": "", "NAME": "db", "USER": ""}),
        ("mysql://u:p@h/db?unix_socket=/run/my.sock", {"HOST": "/run/my.sock"}),
        ("mysql://u:p+q@h:3307/db", {"PASSWORD": "p+q", "PORT": "3307"}),
        ("sqlite:////abs/x.db", {"NAME": "/abs/x.db"}),
        ("sqlite:///rel/x.db", {"NAME": "/root-dir/rel/x.db"}),
        ("sqlite://", {"NAME": ":memory:"}),
        ("sqlite:///:memory:", {"NAME": ":memory:"}),
    ],
)
def test_addresses_are_taken_apart(text, fields):
    found = parse(text)
    assert {name: found[name] for name in fields} == fields


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {}),
        ("sslmode=require", {"sslmode": "require"}),
        ("ssl=true", {"sslmode": "require"}),
        ("ssl=off", {"sslmode": "disable"}),
        ("ssl-mode=VERIFY_CA", {"sslmode": "verify-ca"}),
        ("sslmode=verify_identity", {"sslmode": "verify-full"}),
        ("sslmode=&ssl-mode=prefer&ssl=require", {"sslmode": "prefer"}),
        (
            "sslmode=verify-full&sslrootcert=/ca&sslcert=/c&sslkey=/k",
            {
                "sslmode": "verify-full",
                "sslrootcert": "/ca",
                "sslcert": "/c",
                "sslkey": "/k",
            },
        ),
        ("prepared_statement_cache_size=0", {}),
        ("application_name=g", {"application_name": "g"}),
    ],
)
def test_postgresql_options(query, options):
    assert parse(f"postgresql://u:p@h/d?{query}")["OPTIONS"] == options


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {}),
        ("charset=latin1&connect_timeout=3", {"charset": "latin1"}),
        ("ssl-mode=disabled", {"ssl_disabled": True}),
        ("ssl=1", {"ssl": {"verify_mode": False, "check_hostname": False}}),
        (
            "ssl_mode=verify_ca&ssl_ca=/ca",
            {"ssl": {"ca": "/ca", "verify_mode": True, "check_hostname": False}},
        ),
        (
            "ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca&ssl-check-hostname=true&ssl-cipher=X",
            {
                "ssl": {
                    "ca": "/ca",
                    "cipher": "X",
                    "verify_mode": True,
                    "check_hostname": True,
                }
            },
        ),
    ],
)
def test_mysql_options(query, options):
    found = parse(f"mysql://u:p@h/d?{query}")["OPTIONS"]
    assert found == {**found, **options}
    assert found["charset"]
    assert found.get("connect_timeout", 3) == 3


def test_mysql_that_verifies_never_goes_without_an_authority():
    tls = parse("mysql://u:p@h/d?ssl-mode=verify_identity")["OPTIONS"]["ssl"]
    assert tls["check_hostname"]
    assert tls.get("ca") or tls.get("capath")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "oracle://u:hidden-pw@h/d",
        "redis://u:hidden-pw@h/0",
        "postgresql://u:hidden-pw@h",
        "postgresql://u:hidden-pw@h:port/d",
        "postgresql://u:hidden-pw@h/d?sslmode=maybe",
        "postgresql://u:hidden-pw@h/d?sslrootcert=/ca",
        "postgresql://u:hidden-pw@h/d?sslmode=prefer&sslrootcert=/ca",
        "postgresql://u:hidden-pw@h/d?sslmode=require&sslkey=/k",
        "postgresql://u:hidden-pw@h/d?colour=red",
        "mysql://u:hidden-pw@h/d?ssl-mode=preferred",
        "mysql://u:hidden-pw@h/d?ssl-ca=/ca",
        "mysql://u:hidden-pw@h/d?ssl-mode=disabled&ssl-ca=/ca",
        "mysql://u:hidden-pw@h/d?ssl-mode=required&ssl-key=/k",
        "mysql://u:hidden-pw@h/d?ssl-mode=required&ssl-check-hostname=true",
        "mysql://u:hidden-pw@h/d?connect_timeout=soon",
    ],
)
def test_bad_addresses_are_refused_without_being_shown(text):
    with pytest.raises(BadVariable, match="DATABASE_URL") as caught:
        parse(text)
    assert "hidden-pw" not in str(caught.value)


def test_an_address_does_not_show_its_password():
    address = dsn.parse("postgresql://u:hidden-pw@h/d", variable="X")
    assert "hidden-pw" not in repr(address)


@pytest.mark.parametrize(
    ("address", "kept_s"), [("mysql://h/d", 60), ("postgresql://h/d", 0)]
)
def test_a_connection_to_mysql_is_kept_by_its_thread(address, kept_s):
    pool = dsn.Pool(recycle_s=60)
    found = dsn.database(address, variable="X", root=ROOT, pool=pool)
    assert (found["CONN_MAX_AGE"], found["CONN_HEALTH_CHECKS"]) == (kept_s, True)


def test_only_postgresql_gets_a_pool():
    pool = dsn.Pool(size=2, overflow=3, timeout_s=4, recycle_s=0)

    def found(text):
        return dsn.database(text, variable="X", root=ROOT, pool=pool)["OPTIONS"]

    sizes = {"min_size": 1, "max_size": 5, "timeout": 4}
    assert found("postgresql://h/d")["pool"] == sizes
    assert "pool" not in found("mysql://h/d")
    assert "pool" not in found("sqlite:///x")
    assert dsn.pool_options(dsn.Pool())["max_lifetime"] == 1800


def test_mysql_without_its_driver_names_the_packages(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(BadVariable, match=r"requirements/mysql\.txt"):
        dsn.use_pymysql()


def test_mysql_uses_the_pure_python_driver(monkeypatch):
    installed = []
    driver = SimpleNamespace(install_as_MySQLdb=lambda: installed.append(1))
    monkeypatch.setitem(sys.modules, "pymysql", driver)
    dsn.use_pymysql()
    assert installed == [1]


def choose(**values):
    return dsn.chosen_database(
        Environment(values),
        local_file=Path("/d/gateway.db"),
        root=ROOT,
        pool=dsn.Pool(),
    )


@pytest.mark.parametrize(
    ("values", "engine"),
    [
        ({}, SQLITE),
        ({"ACCOUNT_STORAGE": "redis"}, SQLITE),
        ({"DATABASE_URL": "postgresql://h/d"}, POSTGRESQL),
        (
            {"ACCOUNT_STORAGE": "MySQL", "ACCOUNT_MYSQL_URL": "mysql://h/d"},
            MYSQL,
        ),
        (
            {
                "ACCOUNT_STORAGE": "mysql",
                "ACCOUNT_MYSQL_URL": "mysql://h/d",
                "DATABASE_URL": "postgresql://h/d",
            },
            POSTGRESQL,
        ),
        ({"ACCOUNT_POSTGRESQL_URL": "postgresql://h/d"}, SQLITE),
    ],
)
def test_the_database_is_chosen(values, engine):
    assert choose(**values)["ENGINE"] == engine


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"ACCOUNT_STORAGE": "mysql"}, "ACCOUNT_MYSQL_URL"),
        (
            {"ACCOUNT_STORAGE": "mysql", "ACCOUNT_MYSQL_URL": "postgresql://h/d"},
            "mysql server",
        ),
    ],
)
def test_a_storage_without_its_address_is_refused(values, reason):
    with pytest.raises(BadVariable, match=reason):
        choose(**values)


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, ""),
        ({"REDIS_URL": "redis://h/1"}, "redis://h/1"),
        ({"ACCOUNT_REDIS_URL": "rediss://h"}, "rediss://h"),
        ({"REDIS_URL": "unix:///s", "ACCOUNT_REDIS_URL": "unix:///s"}, "unix:///s"),
    ],
)
def test_redis_is_chosen(values, url):
    assert dsn.chosen_redis(Environment(values)) == url
    caches, layers = dsn.caches(url), dsn.channel_layers(url)
    assert ("SharedCache" in str(caches["default"])) == bool(url)
    assert ("hosts" in str(layers["default"])) == bool(url)


@pytest.mark.parametrize(
    "values",
    [
        {"REDIS_URL": "redis://:hidden@h/1", "ACCOUNT_REDIS_URL": "redis://h/2"},
        {"REDIS_URL": "http://:hidden@h"},
        {"ACCOUNT_STORAGE": "redis"},
    ],
)
def test_bad_redis_addresses_are_refused_without_being_shown(values):
    with pytest.raises(BadVariable, match="REDIS_URL") as caught:
        dsn.chosen_redis(Environment(values))
    assert "hidden" not in str(caught.value)


def store_of(**variables):
    return dsn.chosen_store(Environment(variables), "redis://localhost/1")


def test_redis_is_the_store_only_where_no_database_is_named():
    assert store_of(ACCOUNT_STORAGE="Redis") == "redis://localhost/1"
    named = "postgresql://localhost/gateway"
    assert store_of(ACCOUNT_STORAGE="redis", DATABASE_URL=named) == ""
    assert store_of(ACCOUNT_STORAGE="local") == ""
    assert store_of() == ""
