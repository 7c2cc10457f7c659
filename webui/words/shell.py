"""Texts of the frame that all pages share."""

from django.utils.translation import gettext as _

Words = dict[str, str]


def words() -> Words:
    return {
        "close": _("Close this message"),
        "language": _("Language"),
        "messages": _("Messages of this page"),
    }
