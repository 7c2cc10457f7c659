"""Values as text: in a control, in words, and typed text without its passwords."""

import re
from collections.abc import Iterable

from django.utils.translation import get_language, gettext, ngettext

from grokgateway import config
from grokgateway.config import MASK, BadValue, Key, Kind, Value
from grokgateway.config.values import parse

ON, OFF = "on", "off"
LARGER = {
    "s": ((86_400, "d"), (3600, "h"), (60, "min")),
    "MiB": ((1024 * 1024, "TiB"), (1024, "GiB")),
}
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def language() -> str:
    return get_language() or "en"


def label(key: Key) -> str:
    return config.label(key, language())


def control(key: Key, value: Value) -> str:
    """Return what the key's control holds; nothing of a secret."""
    if key.secret:
        return ""
    plain = config.shown(key, value)
    if isinstance(plain, bool):
        return ON if plain else OFF
    return "\n".join(plain) if isinstance(plain, list) else str(plain)


def normal(key: Key, text: str) -> str:
    """Return posted text in the form of `control`, so that both can be compared."""
    if key.kind is Kind.FLAG:
        return ON if text == ON else OFF
    if key.kind is not Kind.ITEMS:
        return text.replace("\r\n", "\n").strip()
    items = (item.strip() for item in re.split(r"[,\n]", text))
    return "\n".join(item for item in items if item)


def told(key: Key, value: Value) -> str:
    """Return the value in words; of a secret only whether there is one."""
    if key.secret:
        return told_secret(value)
    plain = config.shown(key, value)
    if isinstance(plain, bool):
        return gettext("On") if plain else gettext("Off")
    if isinstance(plain, list):
        return ", ".join(plain) or gettext("empty")
    if isinstance(plain, int):
        return told_number(plain, key.unit)
    if key.choices:
        return config.choice(plain, language())
    return plain or gettext("empty")


def told_number(number: int, unit: str) -> str:
    """Return the number with its unit, and large ones in a larger unit as well."""
    if not unit:
        return str(number)
    parts = [f"{number}\N{NO-BREAK SPACE}{unit}"]
    for size, larger in LARGER.get(unit, ()):
        if number > size and number % size == 0:
            parts.append(f"({number // size}\N{NO-BREAK SPACE}{larger})")
            break
    return " ".join(parts)


def told_secret(value: Value) -> str:
    if isinstance(value, tuple) and value:
        count = len(value)
        return ngettext("%(count)s value set", "%(count)s values set", count) % {
            "count": count
        }
    return gettext("set") if value else gettext("not set")


def told_text(key: Key, text: str) -> str:
    """Return typed text in words, whether it is a value of the key or not."""
    if key.secret:
        return gettext("a new value") if text else gettext("not set")
    try:
        return told(key, parse(key, text))
    except BadValue:
        return hidden(key, text)


def hidden(key: Key, text: str, shown: Iterable[str] = ()) -> str:
    """Return typed text for the page: the logins of addresses taken out.

    Lines that stand in `shown` hold a mask already and stay.
    """
    if key.secret:
        return ""
    if not key.credentials:
        return text
    known = frozenset(shown)
    lines = re.split(r"[,\n]", text) if key.kind is Kind.ITEMS else [text]
    return "\n".join(
        line if line.strip() in known else without_login(line) for line in lines
    )


def without_login(line: str) -> str:
    """Return an address with a mask in place of all that stands before its host."""
    head, at, host = line.rpartition("@")
    if not at:
        return line
    scheme = SCHEME.match(head)
    return f"{scheme[0] if scheme else ''}{MASK}@{host}"
