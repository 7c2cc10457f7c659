"""The saved filters of a list, as chips above it."""

from typing import Any

from django import template
from django.contrib.admin.views.main import ChangeList

from webui.console.saving import tidy
from webui.models import SavedFilter

register = template.Library()


# Any: Django's own context
@register.inclusion_tag("console/saved_filters.html", takes_context=True)
def saved_filters(context: dict[str, Any], cl: ChangeList) -> dict[str, object]:
    """One query; the current query is marked, or offered to be saved."""
    request = context["request"]
    app, model = cl.opts.app_label, cl.opts.model_name
    kept = SavedFilter.objects.filter(owner_id=request.user.pk, list=f"{app}/{model}")
    current = tidy(request.GET.urlencode())
    rows = list(kept)
    return {
        "rows": rows,
        "current": current,
        "saved": any(row.query == current for row in rows),
        "app": app,
        "model": model,
        "csrf_token": context.get("csrf_token"),
    }
