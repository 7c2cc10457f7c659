"""Each old layout is read whole, and stays as it was."""

import hashlib
import json
import os
from io import StringIO
from pathlib import Path

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.utils import ConnectionHandler

from accounts import credentials
from accounts.grok2api import sources
from accounts.models import Account
from grokgateway import config, dsn
from tests.grokgateway import old_installation as old

pytestmark = pytest.mark.django_db

COUNTS = {
    "found": 6,
    "added": 3,
    "updated": 0,
    "skipped": 0,
    "deleted_left_out": 1,
    "duplicates": 1,
    "rejected": 1,
}
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
SERVERS = {
    "postgresql": os.environ.get(
        "TEST_POSTGRES_URL", "postgresql+asyncpg://postgres@127.0.0.1:5432/test"
    ),
    "mysql": os.environ.get(
        "TEST_MYSQL_URL", "mysql+aiomysql://root@127.0.0.1:3306/test"
    ),
}


@pytest.fixture(autouse=True)
def settings_read_anew():
    config.forget()
    yield
    config.forget()


def run(source, *options):
    """The summary, and the exit code."""
    out = StringIO()
    try:
        call_command("import_grok2api", str(source), "--json", *options, stdout=out)
    except CommandError as refusal:
        return (json.loads(out.getvalue()) if out.getvalue() else None), refusal
    return json.loads(out.getvalue()), None


def stored(token):
    return Account.objects.get(token_hash=credentials.token_hash(token))


def digest(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "accounts.db"
    writer = old.sqlite_database(path)
    yield path
    writer.close()


def test_a_sqlite_file_with_its_log_is_read_and_left_alone(database):
    before = digest(database.parent)
    summary, refusal = run(database)
    assert summary["accounts"] == COUNTS
    assert refusal is not None
    assert refusal.returncode == 1
    assert digest(database.parent) == before


def test_what_an_account_was_is_kept(database):
    run(database)
    account = stored("oldtoken-super-1")
    assert credentials.reveal(account) == "oldtoken-super-1"
    assert (account.pool, account.status) == ("super", "active")
    assert account.tags == ["nsfw", "team-1"]
    assert (account.use_count, account.fail_count) == (9, 2)  # of the later row
    assert account.created_at.timestamp() == 1_780_000_000
    windows = {w.mode: (w.remaining, w.total, w.source) for w in account.windows.all()}
    assert windows == dict.fromkeys(("auto", "fast", "expert"), (12, 50, "real")) | {
        "grok_4_3": (12, 50, "real")
    }


def test_a_basic_window_is_clamped_and_a_missing_one_is_full(database):
    run(database)
    (fast,) = stored("oldtoken-basic-2").windows.all()
    assert (fast.remaining, fast.total, fast.window_s) == (12, 30, 86_400)
    heavy = stored("oldtoken-odd-4")
    windows = {window.mode: window.remaining for window in heavy.windows.all()}
    assert (windows["grok_4_3"], windows["heavy"]) == (150, 20)
    assert heavy.status == "active"


def test_rejections_and_doubts_are_told_without_the_token(database):
    summary, _ = run(database)
    (refused,) = summary["rejected"]
    assert refused["reason"] == "unknown pool"
    assert any("state" in line or "status" in line for line in summary["warnings"])
    assert "oldtoken-bad-5" not in json.dumps(summary)


def test_a_dry_run_counts_the_same_and_writes_nothing(database):
    summary, _ = run(database, "--dry-run")
    assert summary["accounts"] == COUNTS
    assert not Account.objects.exists()


def test_a_second_run_skips_or_updates(database):
    run(database)
    Account.objects.update(use_count=1)
    summary, _ = run(database)
    assert (summary["accounts"]["added"], summary["accounts"]["skipped"]) == (0, 3)
    assert stored("oldtoken-super-1").use_count == 1
    summary, _ = run(database, "--on-conflict", "update")
    assert summary["accounts"]["updated"] == 3
    assert stored("oldtoken-super-1").use_count == 9


def test_deleted_accounts_come_on_demand_and_stay_deleted(database):
    summary, _ = run(database, "--include-deleted")
    assert summary["accounts"]["added"] == 4
    assert stored("oldtoken-gone-3").deleted_at is not None


def test_an_old_database_without_the_newest_column(tmp_path):
    path = tmp_path / "accounts.db"
    old.sqlite_database(path, grok_4_3=False).close()
    run(path)
    windows = stored("oldtoken-super-1").windows
    assert windows.get(mode="grok_4_3").remaining == 50


def test_settings_that_nobody_chose_are_left_behind(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(old.TOML)
    summary, refusal = run(path)
    assert config.current().text("app.app_key") == "an-old-console-key"
    assert config.current().items("app.api_key") == ("sk-old-api",)
    assert config.current().flag("features.stream") is False
    assert config.current().flag("features.enable_nsfw") is False
    assert config.current().number("account.refresh.basic_interval_sec") == 86_400
    assert config.current().text("proxy.egress.mode") == "direct"
    assert {line["place"] for line in summary["rejected"]} >= {"features.image_format"}
    assert summary["settings"]["unknown"] == 1
    assert refusal.returncode == 1


def test_a_data_directory_brings_media_too(database, settings, tmp_path_factory):
    folder = database.parent
    (folder / "config.toml").write_text('[app]\napp_url = "https://g.example"\n')
    images = folder / "files" / "images"
    images.mkdir(parents=True)
    (images / "3f0c5d6e-7a8b.jpg").write_bytes(b"jpeg")
    (images / ".half.part").write_bytes(b"")
    settings.DATA_DIR = tmp_path_factory.mktemp("ours")
    summary, _ = run(folder)
    assert summary["media"] == {"found": 1, "added": 1, "skipped": 0}
    ours = settings.DATA_DIR / "files" / "images" / "3f0c5d6e-7a8b.jpg"
    assert ours.read_bytes() == b"jpeg"
    assert config.current().text("app.app_url") == "https://g.example"
    assert run(folder)[0]["media"]["skipped"] == 1


def test_only_the_wanted_part_is_taken(database):
    (database.parent / "config.toml").write_text("[features]\nstream = false\n")
    summary, _ = run(database.parent, "--config")
    assert summary["settings"]["taken"] == 1
    assert not Account.objects.exists()


@pytest.mark.parametrize("text", [json.dumps(old.EXPORT), "newtoken-1\nnewtoken-2\n"])
def test_lists_and_the_successors_export(tmp_path, text):
    path = tmp_path / "export.json"
    path.write_text(text)
    assert run(path, "--dry-run")[0]["accounts"]["added"] == 2
    assert run(path)[0]["accounts"]["added"] == 2
    assert run(path)[0]["accounts"]["skipped"] == 2


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_what_is_no_source_is_refused(tmp_path, name):
    source = tmp_path / name
    if name == "empty":
        source.mkdir()
    _, refusal = run(source)
    assert refusal.returncode == 2


def service(name):
    """Skip in words where a service is missing, but never in CI."""

    def missing(error):
        if os.environ.get("CI"):
            raise error
        pytest.skip(f"{name} is not running here ({type(error).__name__})")

    return missing


@pytest.mark.service
def test_redis_keys(tmp_path):
    client = redis.Redis.from_url(REDIS_URL)
    try:
        client.ping()
    except redis.RedisError as error:
        service("Redis")(error)
    client.flushdb()
    try:
        for row in old.ROWS[:5]:
            record = {k: "" if v is None else str(v) for k, v in row.items()}
            token = record.pop("token")
            record.pop("quota_grok_4_3")
            client.hset(f"accounts:record:{token}", mapping=record)
        client.sadd("accounts:pool:heavy", "oldtoken-super-1")  # it does not follow
        client.hset("config:user", "features.stream", "false")
        keys = sorted(client.keys())
        summary, _ = run(REDIS_URL)
        assert sorted(client.keys()) == keys
    finally:
        client.flushdb()
    assert summary["accounts"]["added"] == 3
    assert summary["settings"]["taken"] == 1
    assert stored("oldtoken-super-1").pool == "super"
    assert stored("oldtoken-super-1").windows.get(mode="grok_4_3").remaining == 50


@pytest.mark.service
@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_tables_of_a_server(engine):
    with ServerDatabase(engine) as (address, database):
        fill(database)
        summary, _ = run(address)
        with database.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM accounts")
            assert cursor.fetchone()[0] == 6
    assert summary["accounts"] == COUNTS
    assert summary["settings"]["taken"] == 1
    assert stored("oldtoken-super-1").use_count == 9


def fill(database):
    names = (*old.TEXTS, *old.QUOTAS, *old.NUMBERS)
    quote = database.ops.quote_name
    with database.cursor() as cursor:
        columns = ["token VARCHAR(512) PRIMARY KEY"]
        columns += [f"{name} TEXT" for name in (*old.TEXTS[1:], *old.QUOTAS)]
        columns += [f"{name} BIGINT" for name in old.NUMBERS]
        cursor.execute(f"CREATE TABLE accounts ({', '.join(columns)})")
        for row in old.ROWS:
            marks = ", ".join(["%s"] * len(names))
            cursor.execute(
                f"INSERT INTO accounts ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - names of ours
                [row.get(name) for name in names],
            )
        cursor.execute(
            f"CREATE TABLE config_store ({quote('key')} VARCHAR(255) PRIMARY KEY, "
            f"{quote('value')} TEXT)"
        )
        cursor.execute(
            "INSERT INTO config_store VALUES ('features.stream', 'false'), "
            "('__version__', '3')"
        )


class ServerDatabase:
    """A database of its own on the server, gone afterwards."""

    def __init__(self, engine):
        self.engine = engine
        self.name = f"old_{os.getpid()}"

    def connect(self, address):
        described = dsn.database(address, variable="TEST", root=Path())
        if described["ENGINE"] == dsn.MYSQL:
            dsn.use_pymysql()
        return ConnectionHandler({"default": described})["default"]

    def __enter__(self):
        self.admin = self.connect(SERVERS[self.engine])
        try:
            with self.admin.cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {self.name}")
                cursor.execute(f"CREATE DATABASE {self.name}")
        except DatabaseError as error:
            service(self.engine)(error)
        address = SERVERS[self.engine].rpartition("/")[0] + f"/{self.name}"
        self.database = self.connect(address)
        return address, self.database

    def __exit__(self, *_):
        self.database.close()
        with self.admin.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {self.name}")
        self.admin.close()


def test_the_read_only_statement_is_known_for_each_server():
    assert {"postgresql", "mysql"} == set(sources.READ_ONLY)
    assert connection.vendor in {"sqlite", *sources.READ_ONLY}
