"""Made-up remains of a 2.x installation, in each layout it could have."""

import json
import sqlite3

WINDOW = {
    "remaining": 12,
    "total": 50,
    "window_seconds": 7200,
    "reset_at": 1_790_000_000_000,
    "synced_at": None,
    "source": 1,
}
TEXTS = ("token", "pool", "status", "tags", "ext", "last_fail_reason", "state_reason")
QUOTAS = ("quota_auto", "quota_fast", "quota_expert", "quota_heavy", "quota_grok_4_3")
NUMBERS = (
    "created_at",
    "updated_at",
    "usage_use_count",
    "usage_fail_count",
    "usage_sync_count",
    "last_use_at",
    "last_fail_at",
    "last_sync_at",
    "deleted_at",
    "revision",
)


def account(token, pool="super", **more):
    quotas = {name: json.dumps(WINDOW) for name in QUOTAS[:3]}
    return {
        "token": token,
        "pool": pool,
        "status": "active",
        "tags": '["nsfw", "team-1"]',
        "ext": "{}",
        "created_at": 1_780_000_000_000,
        "updated_at": 1_780_000_000_000,
        "usage_use_count": 7,
        "usage_fail_count": 2,
        "usage_sync_count": 1,
        "last_use_at": 1_785_000_000_000,
        "revision": 3,
        **quotas,
        "quota_heavy": "{}",
        "quota_grok_4_3": json.dumps(WINDOW),
        **more,
    }


# Six rows: one dead, one clamped, one of unknown state, one rejected, one double.
ROWS = [
    account("oldtoken-super-1"),
    account("oldtoken-basic-2", "basic", quota_fast=json.dumps(WINDOW | {"total": 99})),
    account("oldtoken-gone-3", deleted_at=1_786_000_000_000),
    account("oldtoken-odd-4", "heavy", status="sleeping", quota_grok_4_3=""),
    account("oldtoken-bad-5", "gold"),
    account("sso=oldtoken-super-1", updated_at=1_781_000_000_000, usage_use_count=9),
]


def sqlite_database(path, rows=ROWS, *, grok_4_3=True):
    quotas = QUOTAS if grok_4_3 else QUOTAS[:4]
    columns = [f"{name} TEXT" for name in (*TEXTS, *quotas)]
    columns += [f"{name} INTEGER" for name in NUMBERS]
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"CREATE TABLE accounts ({', '.join(columns)})")
    names = (*TEXTS, *quotas, *NUMBERS)
    marks = ", ".join("?" * len(names))
    for row in rows:
        values = [row.get(name) for name in names]
        connection.execute(
            f"INSERT INTO accounts ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - names of ours
            values,
        )
    connection.commit()
    return connection  # left open, so that the rows are in the write-ahead log


TOML = """
[app]
app_key = "an-old-console-key"
api_key = "sk-old-api"
colour = "blue"

[features]
enable_nsfw = true
stream = false
image_format = "gif"

[account.refresh]
basic_interval_sec = 36000

[retry]
max_retries = 1

[proxy.egress]
mode = "single_proxy"
"""
EXPORT = {
    "provider": "grok_web",
    "accounts": [
        {"sso_token": "newtoken-1", "tier": "super", "name": "a"},
        {"token": "newtoken-2"},
    ],
}
