"""Points in time as pages show them: the reader's own clock, in UTC on pointing at it.

The server writes its own zone; a script puts the reader's there.
"""

from datetime import UTC, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString


def exact(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def moment(at: datetime | None) -> SafeString | str:
    if at is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}" data-moment>{}</time>',
        at.isoformat(),
        exact(at),
        date_format(timezone.localtime(at), "DATETIME_FORMAT"),
    )
