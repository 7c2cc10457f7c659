"""What a named key may use and has used, as columns and as a table by day."""

from datetime import UTC, datetime, timedelta

from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway.models import ApiKey, KeyUsage

SHOWN_DAYS = 31
NAMED = 2
LIMIT_WORDS = {
    "requests_per_min": _("%d a minute"),
    "concurrent": _("%d at once"),
    "requests_per_day": _("%d a day"),
    "tokens_per_day": _("%d tokens a day"),
}


class KeyUse:
    """Part of the pages of keys."""

    @admin.display(description=_("scope"))
    def may_use(self, key: ApiKey) -> str:
        """Models, then pools; both where both are bounded."""
        models = key.allowed_models
        few = ", ".join(models[:NAMED])
        if len(models) > NAMED:
            few = gettext("%(names)s and %(count)d more") % {
                "names": few,
                "count": len(models) - NAMED,
            }
        return "; ".join(filter(None, [few, ", ".join(key.allowed_pools)])) or gettext(
            "everything"
        )

    @admin.display(description=_("limits"))
    def limits(self, key: ApiKey) -> str:
        bounds = ((getattr(key, name), words) for name, words in LIMIT_WORDS.items())
        shown = [str(words % value) for value, words in bounds if value is not None]
        return ", ".join(shown) or gettext("none")

    @admin.display(description=_("requests today (UTC)"), ordering="requests_today")
    def requests_today(self, key: ApiKey) -> int:
        return int(getattr(key, "requests_today", 0))

    @admin.display(description=_("tokens today"), ordering="tokens_today")
    def tokens_today(self, key: ApiKey) -> int:
        return int(getattr(key, "tokens_today", 0))

    @admin.display(description=_("over a limit today"), ordering="refused_today")
    def refused_today(self, key: ApiKey) -> int:
        return int(getattr(key, "refused_today", 0))

    @admin.display(description=_("use by day (UTC)"))
    def recent_use(self, key: ApiKey) -> SafeString:
        since = datetime.now(UTC).date() - timedelta(days=SHOWN_DAYS)
        rows = key.usage.filter(day__gt=since).order_by("-day")
        if not rows:
            return format_html("{}", gettext("None within a month."))
        return usage_table(rows)


def counts_of_today() -> dict[str, Coalesce]:
    today = KeyUsage.objects.filter(
        key=OuterRef("pk"), day=datetime.now(UTC).date()
    ).annotate(tokens=F("prompt_tokens") + F("completion_tokens"))
    return {
        f"{name}_today": Coalesce(Subquery(today.values(name)[:1]), Value(0))
        for name in ("requests", "tokens", "refused")
    }


def usage_table(rows: QuerySet[KeyUsage]) -> SafeString:
    heads = (
        gettext("day"),
        gettext("requests"),
        gettext("failed"),
        gettext("over a limit"),
        gettext("tokens in"),
        gettext("tokens out"),
    )
    line = "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
    lines = (
        (
            row.day.isoformat(),
            row.requests,
            row.failed,
            row.refused,
            row.prompt_tokens,
            row.completion_tokens,
        )
        for row in rows
    )
    return format_html(
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        format_html_join("", line, lines),
    )
