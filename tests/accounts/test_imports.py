import json
import time

import pytest

from accounts import imports, store
from accounts.credentials import masked, public_id, reveal, token_hash
from accounts.documents import Defaults, decode, parse
from accounts.models import Account, QuotaWindow, StatusEvent
from accounts.quotas import default_windows
from tests.factories import make_account, make_token

pytestmark = pytest.mark.django_db


def run(text, pool="super", tags=()):
    return imports.add(parse(text, Defaults(pool, tuple(tags))))


def counts(report):
    return (report.added, report.restored, report.tagged, report.unchanged)


def entries(text, pool="auto"):
    return [
        (e.credential.token, e.pool, e.tags)
        for e in parse(text, Defaults(pool)).entries
    ]


def test_lines_become_accounts_with_default_windows():
    report = run("aaa\n\nsso=bbb; x-userid=u-7\r\n", tags=["team"])

    assert counts(report) == (2, 0, 0, 0)
    account = Account.objects.get(token_hash=token_hash("bbb"))
    assert account.public_id == public_id(account.token_hash)
    assert (account.pool, account.tier_source) == ("super", "imported")
    assert (account.user_id, account.tags) == ("u-7", ["team"])
    assert reveal(account) == "bbb"
    stored = set(account.windows.values_list("mode", "remaining", "total", "window_s"))
    assert stored == {
        (w.mode, w.remaining, w.total, w.window_s) for w in default_windows("super")
    }


def test_auto_is_stored_as_basic_still_to_be_found_out():
    run("aaa", pool="auto")
    account = Account.objects.get()
    assert (account.pool, account.tier_source) == ("basic", "auto")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"ssobasic": ["a"], "super": [{"token": "b", "tags": ["x", " y "]}]}',
            [("a", "basic", ()), ("b", "super", ("x", "y"))],
        ),
        (
            '\ufeff{"heavy": [{"token": "a", "tags": "x,y"}]}',
            [("a", "heavy", ("x", "y"))],
        ),
        (
            '{"provider": "grok_web", "accounts": [{"sso_token": "a", "tier": "heavy",'
            ' "email": "e"}, {"token": "b"}]}',
            [("a", "heavy", ()), ("b", "auto", ())],
        ),
        (
            '[{"token": "a", "tier": "super"}, "b"]',
            [("a", "super", ()), ("b", "auto", ())],
        ),
        ('{"super": []}', []),
        ("", []),
    ],
)
def test_json_documents_are_read(text, expected):
    parsed = parse(text, Defaults())
    assert entries(text) == expected
    assert not parsed.rejected


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('{"Super": ["a"], "": ["b"], "sup": ["c"]}', ["Super[0]", "[0]", "sup[0]"]),
        ('{"super": {"token": "a"}}', ["super"]),
        (
            '{"super": [1, null, {}, {"token": ""}, ["a"]]}',
            [f"super[{i}]" for i in range(5)],
        ),
        ('{"super": [{"token": "a", "tags": [1]}]}', ["super[0]"]),
        ('{"super": [{"token": "a", "tags": ["%s"]}]}' % ("x" * 65), ["super[0]"]),
        (
            '[{"token": "a", "tier": "gold"}, {"token": "a", "tier": 3}]',
            ["accounts[0]", "accounts[1]"],
        ),
        ('{"provider": "grok_build", "accounts": []}', ["document"]),
        ('{"super": [', ["document"]),
        ("[" * 100_000, ["document"]),
        ("good\nx=1\n****", ["line 2", "line 3"]),
    ],
)
def test_what_cannot_be_read_is_listed_with_its_place(text, places):
    assert [line.place for line in parse(text, Defaults()).rejected] == places


def test_rejects_are_masked():
    secret = "verysecrettoken-verysecrettoken"
    text = json.dumps({"super": [f"x={secret}"], secret: ["abc"], "sup": [secret]})
    parsed = parse(text, Defaults())
    assert len(parsed.rejected) == 3
    assert secret not in str(parsed)


def test_utf_16_and_broken_utf_8_files():
    assert decode("\ufeffaaa".encode("utf-16-le")) == "aaa"
    assert decode("\ufeffaaa".encode()) == "aaa"
    parsed = parse(decode(b"aaa\nb\xffb"), Defaults())
    assert [line.place for line in parsed.rejected] == ["line 2"]


def test_importing_again_changes_nothing():
    run("aaa\nbbb")
    before = list(Account.objects.order_by("pk").values())

    report = run("aaa\nbbb", pool="heavy")

    assert counts(report) == (0, 0, 0, 2)
    assert list(Account.objects.order_by("pk").values()) == before


def test_a_live_account_gains_tags_and_keeps_its_state():
    account = make_account(token="aaa", tags=["old"], status="disabled", use_count=4)

    report = run("aaa\nbbb", tags=["new", "old"])

    assert counts(report) == (1, 0, 1, 0)
    before = account.revision
    account.refresh_from_db()
    assert account.revision == store.current_revision() > before
    assert account.tags == ["old", "new"]
    assert (account.status, account.use_count) == ("disabled", 4)


def test_repetitions_within_a_document_count_once():
    report = run('{"super": ["aaa", {"token": "aaa", "tags": ["x"]}, "aaa"]}')
    assert counts(report) == (1, 0, 0, 2)
    assert Account.objects.get().tags == ["x"]


def test_a_deleted_account_comes_back_with_its_counters():
    account = make_account(
        token="aaa", use_count=7, fail_count=3, strikes=[1.0], last_fail_reason="x"
    )
    account.windows.update(remaining=0, source="estimated")
    store.soft_delete([account.pk], "gone")

    report = run("aaa", pool="super", tags=["back"])

    assert counts(report) == (0, 1, 0, 0)
    account.refresh_from_db()
    assert account.deleted_at is None
    assert (account.use_count, account.fail_count, account.strikes) == (7, 3, [])
    assert (account.pool, account.status, account.tags) == ("super", "active", ["back"])
    assert account.windows.count() == len(default_windows("super"))
    assert not account.windows.exclude(source="default").exists()
    changes = StatusEvent.objects.order_by("id").values_list("from_status", "to_status")
    assert list(changes) == [("active", "deleted"), ("deleted", "active")]


def test_auto_leaves_the_known_pool_of_a_deleted_account():
    account = make_account(token="aaa", pool="heavy")
    store.soft_delete([account.pk], "gone")
    run("sso=aaa; x-userid=u-9", pool="auto")
    account.refresh_from_db()
    assert (account.pool, account.user_id) == ("heavy", "u-9")


def test_replacing_takes_out_only_named_pools():
    for token, pool in (("a1", "basic"), ("s1", "super"), ("s2", "super")):
        make_account(token=token, pool=pool)
    parsed = parse('{"super": ["s1", "s3"], "basic": []}', Defaults())

    missing = imports.missing_ids(parsed)
    report = imports.replace_pools(parsed, missing)

    assert (report.added, report.unchanged, report.deleted) == (1, 1, 1)
    live = {reveal(a) for a in Account.objects.filter(deleted_at=None)}
    assert live == {"a1", "s1", "s3"}
    gone = Account.objects.exclude(deleted_at=None).get()
    assert gone.state_reason == imports.REPLACED


def test_replacing_needs_a_named_pool():
    with pytest.raises(imports.UnclearPools):
        imports.missing_ids(parse("aaa", Defaults("auto")))


def test_each_chunk_takes_a_revision_of_its_own():
    run("\n".join(make_token() for _ in range(1100)))
    sizes = [Account.objects.filter(revision=r).count() for r in (1, 2, 3)]
    assert sizes == [500, 500, 100]
    assert store.current_revision() == 3


def test_no_column_and_no_mask_holds_a_token():
    secret = "verysecrettoken-verysecrettoken"
    run(f"sso={secret}; sso-rw={secret}; x-userid=u1")
    for model in (Account, QuotaWindow, StatusEvent):
        for values in model.objects.values_list():
            for value in values:
                shown = (
                    bytes(value)
                    if isinstance(value, memoryview | bytes)
                    else str(value).encode()
                )
                assert secret[:8].encode() not in shown
    assert masked(Account.objects.get()) == "veryse\u2026oken"


def test_five_thousand_lines_are_quick():
    text = "\n".join(make_token() for _ in range(5000))
    started = time.perf_counter()
    report = run(text, pool="basic")
    assert report.added == 5000
    assert time.perf_counter() - started < 10
