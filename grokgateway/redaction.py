"""Keeps secrets out of log lines: known shapes by pattern, our own keys by value."""

import functools
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from urllib.parse import quote

HIDDEN = "***"
PROTECTED_LIMIT = 256
SHORTEST_PROTECTED_CHARS = 6
PLAIN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

COOKIE_NAMES = r"sso-rw|sso|cf_clearance|__cf_bm|sessionid|gateway_session|csrftoken"
HEADER_NAMES = r"(?:set-)?cookies?|(?:proxy-)?authorization"
KEY_NAMES = (
    r"(?:[a-z0-9]+[_-]){0,3}(?:api[_-]?key|app[_-]?key|webui[_-]?key|secret[_-]?key|"
    r"credential[_-]?keys|cf[_-]?cookies|password|passwd|pwd|secret|token)"
)
QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
GAP = r"""(?:["']\s*,|["']?\s*[:=])\s*(?:b(?=["']))?"""
SHAPES = re.compile(
    rf"""
      (?P<header>(?<![a-z0-9])(?:{HEADER_NAMES}){GAP})(?:{QUOTED}|[^\r\n]*)
    | (?P<named>(?<![a-z0-9])(?:{KEY_NAMES}){GAP})(?:{QUOTED}|[^\s,;&"'<>)}}\]]+)
    | (?P<pair>(?<![\w-])(?:{COOKIE_NAMES}){GAP})(?:{QUOTED}|[^\s;,&"'<>)}}\]]+)
    | (?P<bearer>\bbearer[ ]+)[\w.~+/=-]{{6,}}
    | (?P<basic>(?-i:Basic)[ ]+)(?-i:(?=[a-z]*[A-Z0-9+/=]))[\w+/=]{{8,}}
    | (?P<url>://)
        (?:[^\s"'<>/?\#]*@|[^\s"'<>/?\#:]+:(?!\d{{1,5}}[/?\#])[^\s"'<>]*@)
    | eyJ[\w-]{{6,}}(?:\.[\w-]+){{0,2}}
    | (?<![\w-])gk-[\w-]{{43}}
    """,
    re.VERBOSE | re.IGNORECASE,
)
SECRET_FIELD = re.compile(
    rf"^(?:{HEADER_NAMES}|{KEY_NAMES}|{COOKIE_NAMES})$", re.IGNORECASE
)


class Redactor:
    """The patterns plus a bounded set of exact values; safe to use from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: OrderedDict[str, None] = OrderedDict()
        self._exact: re.Pattern[str] | None = None

    def protect(self, value: str) -> None:
        """Hide this very text from now on; very short texts are not taken."""
        if len(value) < SHORTEST_PROTECTED_CHARS:
            return
        with self._lock:
            for form in (value, quote(value, safe="")):
                self._values[form] = None
                self._values.move_to_end(form)
            while len(self._values) > PROTECTED_LIMIT:
                self._values.popitem(last=False)
            longest_first = sorted(self._values, key=len, reverse=True)
            self._exact = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        if self._exact is not None:
            text = self._exact.sub(HIDDEN, text)
        return SHAPES.sub(shortened, text)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where in a text there is something to hide."""
        if self._exact is not None:
            for found in self._exact.finditer(text):
                yield found.span()
        for found in SHAPES.finditer(text):
            kind = found.lastgroup
            yield (found.start() if kind is None else found.end(kind)), found.end()

    def value(self, value: object, name: str = "") -> object:
        """Redact text inside plain containers; other objects are left alone."""
        if SECRET_FIELD.match(name):
            return HIDDEN
        match value:
            case str():
                return self.text(value)
            case bytes():
                return self.text(value.decode("utf-8", "replace"))
            case Mapping():
                return {k: self.value(v, str(k)) for k, v in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.value(item) for item in value]
            case BaseException():
                return self.text(repr(value))
        return value


def shortened(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind is None:
        return HIDDEN
    return f"{match[kind]}{HIDDEN}" + ("@" if kind == "url" else "")


@functools.cache
def current() -> Redactor:
    return Redactor()


def protect(value: str) -> None:
    """Hide one of this installation's own secrets wherever it would be logged."""
    current().protect(value)


class SecretFilter(logging.Filter):
    """Rewrites the record itself, so that no later handler sees what was hidden."""

    def filter(self, record: logging.LogRecord) -> bool:
        redactor = current()
        record.msg = redactor.text(message_of(record))
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_info = None
        if record.exc_text:
            record.exc_text = redactor.text(record.exc_text)
        if record.stack_info:
            record.stack_info = redactor.text(record.stack_info)
        for name in vars(record).keys() - PLAIN_FIELDS:
            setattr(record, name, redactor.value(getattr(record, name), name))
        return True


def message_of(record: logging.LogRecord) -> str:
    """Return the message; one whose arguments do not fit is shown beside them.

    Raising here would let logging print the arguments, secrets included.
    """
    try:
        return record.getMessage()
    except Exception as exc:  # noqa: BLE001 - an argument's own code may raise anything
        return f"{record.msg} [unprintable arguments: {type(exc).__name__}]"
