import datetime
import io
import json
import logging
import logging.config
import time
from zoneinfo import ZoneInfo

import pytest

from grokgateway import logs, redaction

JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzZXNzaW9uX2lkIjoiYWJjIn0.c2lnbmF0dXJl-_x"
SECRETS = [
    ("token %s refused", (JWT,), JWT),
    ("half a token eyJ0eXAiOiJKV1QiLCJhbGciOi", (), "eyJ0eXAiOiJKV1Q"),
    ("sso=abc123; other=1", (), "abc123"),
    ("x=1; sso-rw=abc123", (), "abc123"),
    ("cf_clearance=zzz.yyy-1 sent", (), "zzz.yyy-1"),
    ("__cf_bm=bmvalue", (), "bmvalue"),
    ("Cookie: a=first; b=second", (), "second"),
    ("set-cookie: a=first; Path=/", (), "first"),
    ("headers %s", ({"Cookie": "a=first; b=second"},), "second"),
    ("headers %r", ([(b"cookie", b"a=first; b=second")],), "second"),
    ("headers %s", (json.dumps({"authorization": "Basic dXNlcjpwYXNz"}),), "dXNlcjpw"),
    ("Authorization: Bearer sk-abcdef", (), "sk-abcdef"),
    ("sent Bearer sk-abcdef to it", (), "sk-abcdef"),
    ("with Basic dXNlcjpwYXNz", (), "dXNlcjpwYXNz"),
    ("x-api-key: sk-abcdef", (), "sk-abcdef"),
    ("X-API-Key=sk-abcdef", (), "sk-abcdef"),
    ("GET /admin/api/x?app_key=hush123&n=1", (), "hush123"),
    ("api_key='hush 123'", (), "hush 123"),
    ('{"password": "hush\\"zz9"}', (), "zz9"),
    ("GROK_APP_WEBUI_KEY=hush123", (), "hush123"),
    ("CREDENTIAL_KEYS=aGVsbG8=,d29ybGQ=", (), "aGVsbG8"),
    ("access_token=hush123", (), "hush123"),
    ("via http://user:hush123@proxy:8080/x", (), "hush123"),
    ("via socks5h://user:hu/sh@p:1080", (), "hu/sh"),
    ("via http://onlytoken123@proxy", (), "onlytoken123"),
    ("postgresql://u:p@ss-word@db/x", (), "ss-word"),
    ("redis://:hush123@h:6379/0", (), "hush123"),
    ("key %s was given", ("gk-" + "hush123" * 7,), "hush123"),
]
HARMLESS = [
    "GET https://example.org:8443/a?mail=me@example.org 200",
    "basic accounts refreshed: 12",
    "Basic accounts refreshed",
    "max_tokens=100, prompt_tokens: 12",
    "asked for a token, then waited",
    "CSRF token missing",
    "ssot and mosso=1",
    "gk-is-how-a-key-begins",
    "http://127.0.0.1:8000 is ready",
    "account 12 of pool super is cooling for 30 s",
]


@pytest.fixture
def lines(settings):
    """A logger set up as in production, and what it wrote."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(redaction.SecretFilter())
    handler.setFormatter(logs.SafeFormatter("Asia/Shanghai"))
    logger = logging.getLogger("test.secrets")
    logger.addHandler(handler)
    yield logger, stream.getvalue
    logger.removeHandler(handler)


@pytest.mark.parametrize(("text", "args", "secret"), SECRETS)
def test_no_secret_in_message_or_arguments(lines, text, args, secret):
    logger, written = lines
    logger.warning(text, *args)
    assert secret not in written()
    assert "***" in written()


@pytest.mark.parametrize(("text", "args", "secret"), SECRETS)
def test_no_secret_in_exceptions(lines, text, args, secret):
    logger, written = lines
    try:
        try:
            raise KeyError(text % args)
        except KeyError as exc:
            raise ValueError("outer") from exc
    except ValueError:
        logger.exception("failed")
    assert "outer" in written()
    assert "KeyError" in written()
    assert secret not in written()


@pytest.mark.parametrize(("text", "args", "secret"), SECRETS)
def test_no_secret_in_extra_fields(text, args, secret):
    record = logging.makeLogRecord({"msg": "m", "detail": {"deep": [text % args]}})
    redaction.SecretFilter().filter(record)
    assert secret not in str(vars(record))


def test_extra_fields_are_judged_by_name_too():
    fields = {"cookie": "plain", "password": b"plain", "sso": "plain", "size": 3}
    record = logging.makeLogRecord({"msg": "m", **fields, "error": ValueError(JWT)})
    redaction.SecretFilter().filter(record)
    assert "plain" not in str(vars(record))
    assert JWT not in str(vars(record))
    assert vars(record)["size"] == 3


def test_no_secret_in_stack_info_or_cached_tracebacks():
    record = logging.makeLogRecord(
        {"msg": "m", "stack_info": f"x = '{JWT}'", "exc_text": f"E: {JWT}"}
    )
    redaction.SecretFilter().filter(record)
    assert JWT not in logging.Formatter().format(record)


class Keeper(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record):
        self.records.append(record)


def test_what_was_hidden_stays_hidden_from_later_handlers(lines):
    logger, _ = lines
    later = Keeper()
    logger.addHandler(later)
    try:
        logger.error("x %s", JWT, exc_info=ValueError(JWT), extra={"field": JWT})
    finally:
        logger.removeHandler(later)
    assert JWT not in str(vars(later.records[0]))


def test_arguments_that_do_not_fit_are_not_printed(lines, capsys):
    logger, written = lines
    logger.warning("no place", JWT)
    assert JWT not in written() + capsys.readouterr().err
    assert "no place" in written()


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_lines_stay_whole(lines, text):
    logger, written = lines
    logger.warning(text)
    assert text in written()


def test_our_own_keys_are_known_by_value(lines):
    logger, written = lines
    redaction.protect("my p@ss/phrase")
    redaction.protect("my")
    logger.warning("my keys: <my p@ss/phrase> %s", "my%20p%40ss%2Fphrase")
    assert "my keys: <***> ***" in written()


def test_the_set_of_own_keys_is_bounded():
    redactor = redaction.Redactor()
    for number in range(redaction.PROTECTED_LIMIT + 50):
        redactor.protect(f"secret-{number:05}")
    last = redaction.PROTECTED_LIMIT + 49
    assert redactor.text(f"secret-{last:05}") == "***"
    assert redactor.text("secret-00000") == "secret-00000"


@pytest.mark.parametrize(
    "text", ["a-" * 50_000, "://" * 20_000, "token" * 20_000, '"' * 99_999]
)
def test_long_lines_cost_little(text):
    started = time.perf_counter()
    redaction.Redactor().text(text)
    assert time.perf_counter() - started < 2


def at(day, hour=12):
    zone = ZoneInfo("Asia/Shanghai")
    return datetime.datetime(2026, 3, day, hour, tzinfo=zone).timestamp()


def write(handler, created, text="line"):
    record = logging.makeLogRecord({"msg": text, "levelname": "INFO"})
    record.created = created
    handler.handle(record)


@pytest.fixture
def daily(tmp_path):
    handler = logs.DailyFile(tmp_path / "logs", "Asia/Shanghai", "INFO", max_files=2)
    yield handler
    handler.close()


def names(handler):
    return sorted(path.name for path in handler.folder.iterdir())


def test_no_file_before_the_first_line(daily):
    assert not daily.folder.exists()


def test_files_change_at_local_midnight(daily):
    write(daily, at(1, 23), "late")
    write(daily, at(2, 0), "early")
    assert names(daily) == ["app_2026-03-01.log", "app_2026-03-02.log"]
    assert (daily.folder / "app_2026-03-01.log").read_text() == "late\n"
    assert (daily.folder / "app_2026-03-02.log").read_text() == "early\n"


def test_only_the_newest_files_are_kept(daily):
    daily.folder.mkdir()
    (daily.folder / "notes.txt").touch()
    for day in (1, 2, 3, 4):
        write(daily, at(day))
    assert names(daily) == ["app_2026-03-03.log", "app_2026-03-04.log", "notes.txt"]


def test_a_file_is_continued_after_a_restart(daily):
    write(daily, at(1), "one")
    daily.close()
    write(daily, at(1), "two")
    assert (daily.folder / "app_2026-03-01.log").read_text() == "one\ntwo\n"


def test_a_disk_that_fails_raises_nothing(tmp_path, capsys):
    (tmp_path / "logs").touch()
    handler = logs.DailyFile(tmp_path / "logs", "UTC", "INFO")
    write(handler, at(1))
    assert "FileExistsError" in capsys.readouterr().err


@pytest.fixture
def production(tmp_path, capsys):
    """The process's logging as `setup` makes it, put back afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logging.config.dictConfig(logs.setup("WARNING", "Asia/Shanghai", tmp_path))
    yield root
    for handler in root.handlers:
        if handler not in before:
            handler.close()
    root.handlers[:] = before
    root.setLevel(level)


def test_every_handler_hides_secrets(production, tmp_path, capsys):
    ours = [h for h in production.handlers if h.name in {"console", "file"}]
    assert len(ours) == 2
    for handler in ours:
        assert [type(f) for f in handler.filters] == [redaction.SecretFilter]
        assert isinstance(handler.formatter, logs.SafeFormatter)
    for name in ("", "django.request", "gateway.turn", "uvicorn.access", "httpx"):
        logging.getLogger(name).error("seen %s", JWT)
    text = next(tmp_path.glob("app_*.log")).read_text() + capsys.readouterr().err
    assert text.count("***") >= 5
    assert JWT not in text


def test_level_and_number_of_files_change_at_run_time(production, tmp_path):
    (tmp_path / "app_2020-01-01.log").touch()
    (tmp_path / "app_2020-01-02.log").touch()
    logger = logging.getLogger("test.levels")
    logger.info("first")
    logs.apply("DEBUG", 1)
    logger.debug("second")
    logs.apply("", 1)
    logger.debug("third")
    (file,) = tmp_path.glob("app_*.log")
    assert "second" in file.read_text()
    assert "first" not in file.read_text()
    assert "third" not in file.read_text()


def test_access_logs_are_quiet(production):
    for name in logs.QUIET:
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


def test_times_are_local_with_their_offset():
    record = logging.makeLogRecord({"msg": "m", "created": at(1)})
    line = logs.SafeFormatter("Asia/Shanghai").format(record)
    assert line.startswith("2026-03-01T12:00:00.000+08:00")
