"""The last changes, and taking one back."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from grokgateway import config
from grokgateway.config.rows import HISTORY_KEPT
from grokgateway.console.configuration import audit, faults, frame, past, saving
from grokgateway.console.configuration.wording import label, told


@frame.needs(frame.VIEW, frame.CHANGE)
def listing(request: HttpRequest) -> HttpResponse:
    return frame.page(
        request,
        "history",
        {"subtitle": _("History"), "entries": past.entries(), "kept": HISTORY_KEPT},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@frame.needs(frame.CHANGE)
def revert(request: HttpRequest, revision: int) -> HttpResponse:
    """Ask first, then put back what the change replaced."""
    entry = past.entry(revision)
    if entry is None:
        raise Http404
    frame.refuse_reserved(request, [step.name for step in entry.steps])
    if request.method == "POST":
        return take_back(request, entry)
    now = saving.fresh()
    steps = [(step, value_now(now, step.name)) for step in entry.steps]
    return frame.page(
        request,
        "revert",
        {"subtitle": _("Undo a change"), "entry": entry, "steps": steps},
    )


def value_now(now: config.Snapshot, name: str) -> str:
    key = config.KEYS.get(name)
    return told(key, now.stored(name)) if key else ""


def take_back(request: HttpRequest, entry: past.Entry) -> HttpResponse:
    try:
        config.revert(entry.revision, frame.actor(request))
    except config.Rejected as exc:
        for name, text in exc.errors:
            key = config.find(name)
            called = label(key) if key else name
            messages.error(request, f"{called}: {faults.sentence(text)}")
        return redirect("admin:config_revert", entry.revision)
    frame.keep_session(request)
    audit.note(
        request,
        f"Change {entry.revision} taken back.",
        [step.name for step in entry.steps],
    )
    messages.success(
        request, _("Change %(number)s was taken back.") % {"number": entry.revision}
    )
    return redirect("admin:config_history")
