"""Values of an account as the console shows them: marked up, never with a token."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, QuotaWindow, Status, WindowSource
from grokgateway.marks import BAD, GOOD, OFF, WAIT, badge
from grokgateway.moments import exact

KINDS = {
    Status.ACTIVE: GOOD,
    Status.COOLING: WAIT,
    Status.EXPIRED: BAD,
    Status.DISABLED: OFF,
}
REASONS: dict[str, str | Promise] = {
    "invalid_credentials": _("login is dead: import it anew"),
    "unauthorized": _("refused twice: import it anew"),
    "forbidden": _("refused three times within a day"),
    "server_error": _("upstream failed repeatedly"),
    "operator_disabled": _("by an operator"),
    "operator_deleted": _("deleted by an operator"),
    "rate_limited": _("upstream's rate limit"),
}


def reason(code: str) -> str:
    return str(REASONS.get(code, code.replace("_", " ")))


def moment(at: datetime | None) -> SafeString | str:
    """How long ago, or until then; exactly on pointing at it."""
    if at is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        exact(at),
        naturaltime(at),
    )


def status(account: Account, since: datetime | None = None) -> SafeString:
    """The state, below it why and since when."""
    shown = badge(KINDS[Status(account.status)], account.get_status_display())
    notes = [reason(account.state_reason)] if account.state_reason else []
    told = format_html_join("", '<span class="note">{}</span>', ((n,) for n in notes))
    when = format_html('<span class="note">{}</span>', moment(since)) if since else ""
    return format_html("{}{}{}", shown, told, when)


def success(account: Account) -> SafeString | str:
    """The share of the latest calls that were answered, else of all there ever were."""
    calls, bad = account.use_count + account.fail_count, account.fail_count
    if not calls:
        return ""
    told = [
        gettext("of all %(calls)d calls %(bad)d failed") % {"calls": calls, "bad": bad}
    ]
    if account.recent_calls:
        calls, bad = account.recent_calls, account.recent_failures.bit_count()
        latest = gettext("of the latest %(calls)d calls %(bad)d failed")
        told.insert(0, latest % {"calls": calls, "bad": bad})
    share = (calls - bad) * 100 // calls
    return format_html('<span title="{}">{} %</span>', "; ".join(told), share)


def known(window: QuotaWindow) -> bool:
    """Whether anybody but the table of defaults has spoken of it."""
    return window.source != WindowSource.DEFAULT or window.synced_at is not None


def left_in(window: QuotaWindow, now: datetime) -> int:
    """A window whose reset has passed is full again."""
    over = window.reset_at is not None and window.reset_at <= now
    return window.total if over else min(window.remaining, window.total)


def meter(window: QuotaWindow, now: datetime) -> SafeString | str:
    """A bar without a number; none where the figure is only assumed."""
    if not known(window) or not window.total:
        return ""
    return format_html(
        '<meter min="0" max="{}" value="{}" low="{}" aria-label="{}"></meter>',
        window.total,
        left_in(window, now),
        window.total // 10,
        window.mode,
    )


def figure(window: QuotaWindow, now: datetime) -> str:
    if not known(window):
        return gettext("unknown")
    return f"{left_in(window, now)}/{window.total}"


def quota(windows: Iterable[QuotaWindow], now: datetime) -> SafeString:
    """One line for each mode that is known, and one for all others."""
    told = list(windows)
    lines = [
        (about(one), one.mode, meter(one, now), figure(one, now))
        for one in told
        if known(one)
    ]
    unread = [one for one in told if not known(one)]
    if unread:
        modes = ", ".join(one.mode for one in unread)
        lines.append((about(*unread), modes, "", gettext("unknown")))
    return format_html_join(
        "",
        '<span class="quota" title="{}"><span class="mode">{}</span>{}<b>{}</b></span>',
        lines,
    )


def about(window: QuotaWindow, *others: QuotaWindow) -> str:
    """When it was read and when it is full again, in words."""
    if not known(window):
        totals = ", ".join(f"{one.total} {one.mode}" for one in (window, *others))
        return gettext("never read from upstream; assumed: %s") % totals
    told = [window.get_source_display()]
    if window.synced_at:
        told.append(gettext("read %s") % exact(window.synced_at))
    if window.reset_at:
        told.append(gettext("full again %s") % exact(window.reset_at))
    return ", ".join(told)


def next_change(
    account: Account, windows: Iterable[QuotaWindow], now: datetime
) -> datetime | None:
    """When the cooling ends, else when the first window is full again."""
    if account.status == Status.COOLING and account.cooling_until:
        return account.cooling_until
    resets = [one.reset_at for one in windows if one.reset_at and one.reset_at > now]
    return min(resets, default=None)
