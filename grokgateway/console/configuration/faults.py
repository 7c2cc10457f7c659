"""What the registry says of a bad value, in the language of the page.

The registry speaks English to everybody, in words that fit after a key's name.
"""

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

TEXTS = (
    _("must be true or false (1/0, yes/no, on/off)"),
    _("must be a whole number"),
    _("must be from %(low)s to %(high)s"),
    _("must be a text"),
    _("must be one of %(choices)s"),
    _("must not be empty"),
    _("must be a list of texts"),
    _("must be comma-separated or a JSON array"),
    _("must not hold a null character"),
    _("must have at least %(count)s characters"),
    _("must be an absolute URL starting with %(schemes)s"),
    _("may hold {account} once, and only in the user name"),
    _("must be at most 8 KiB long"),
    _("must end after the port, which is from 1 to 65535"),
    _("must begin with http://, https://, socks4:// or socks5://"),
    _("must not hold spaces or control characters"),
    _("must name a host that there can be"),
    _("must have a user name and password in UTF-8"),
    _("must not have a colon in the user name"),
    _("must have an ASCII user name and password for SOCKS"),
    _("must have a user name and password of at most 255 for SOCKS"),
    _("must have a user name where it has a password for SOCKS"),
    _("may use %(scheme)s only for loopback and private addresses"),
    _("must be host or host:port, without a scheme or path"),
    _("must list HTTP statuses from 100 to 599"),
    _("must be at most %(size)s bytes long"),
    _("must be a profile name such as chrome136"),
    _("must list e-mail addresses"),
    _("must not hold line breaks or control characters"),
    _("is set by %(variable)s and cannot be changed here"),
    _("holds a mask instead of a value"),
    _("is needed while %(key)s is %(value)s"),
    _("is no known key; did you mean %(name)s?"),
    _("is no known key"),
    _("cannot be decrypted with the keys of this gateway"),
    _("is not stored in a known form"),
)
VALUE = re.compile(r"%\\\((\w+)\\\)s")


def pattern(text: str) -> re.Pattern[str]:
    return re.compile(VALUE.sub(r"(?P<\1>.+)", re.escape(text)))


PATTERNS = tuple((pattern(text), text) for text in TEXTS)


def translated(fault: str) -> str:
    """Return the fault in the page's language, or as it is if nobody knows it."""
    for shape, text in PATTERNS:
        found = shape.fullmatch(fault)
        if found:
            return gettext(text) % found.groupdict()
    return fault


def sentence(fault: str) -> str:
    """Return the fault as a sentence of its own, for where its key is named already."""
    told = translated(fault)
    whole = f"{told[:1].upper()}{told[1:]}"
    return (
        whole if whole.endswith("?") else gettext("%(sentence)s.") % {"sentence": whole}
    )
