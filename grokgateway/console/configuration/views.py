"""The form of each group, and what can be done with a single key."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from grokgateway import config
from grokgateway.console.configuration import (
    audit,
    conflicts,
    faults,
    fields,
    frame,
    notes,
    outline,
    past,
    saving,
)
from grokgateway.console.configuration.wording import label

WEBUI_PATH = "/webui/chat"
SUPERUSERS = gettext_lazy("Only a superuser can change this.")


@frame.needs(frame.VIEW, frame.CHANGE)
def first(request: HttpRequest) -> HttpResponse:
    return redirect("admin:config_group", outline.groups()[0].slug)


@require_http_methods(["GET", "HEAD", "POST"])
@frame.needs(frame.VIEW, frame.CHANGE)
def group(request: HttpRequest, slug: str) -> HttpResponse:
    chosen = outline.group(slug)
    if chosen is None:
        raise Http404
    if request.method != "POST":
        return form_page(request, chosen, saving.fresh())
    return answer(request, chosen)


@frame.needs(frame.CHANGE)
def answer(request: HttpRequest, chosen: outline.Group) -> HttpResponse:
    posted = saving.read(outline.keys_of(chosen), request.POST)
    barred = frame.reserved(request, posted.texts)
    if barred:
        answers = fields.Answers(posted.texts, dict.fromkeys(barred, SUPERUSERS))
        return form_page(request, chosen, config.current(), answers)
    match saving.attempt(posted, frame.actor(request)):
        case saving.Done(snapshot, names):
            tell(request, snapshot.revision, names)
            return redirect("admin:config_group", chosen.slug)
        case saving.Refused(errors):
            answers = fields.Answers(posted.texts, worded(errors))
            return form_page(request, chosen, config.current(), answers)
        case saving.Asked(questions):
            answers = fields.Answers(posted.texts, {})
            return form_page(
                request, chosen, config.current(), answers, questions=questions
            )
        case saving.Stale() as stale:
            context = conflicts.context(chosen, stale)
            return frame.page(request, "conflict", context, status=409)


def form_page(
    request: HttpRequest,
    chosen: outline.Group,
    snapshot: config.Snapshot,
    answers: fields.Answers | None = None,
    **more: Any,  # noqa: ANN401 - what the template takes
) -> HttpResponse:
    made = fields.made(
        outline.keys_of(chosen),
        snapshot,
        past.beneath(),
        answers,
        frame.reserved(request),
    )
    errors = [field for field in made.values() if field.error]
    return frame.page(
        request,
        "group",
        {
            "subtitle": chosen.title,
            "group": chosen,
            "sections": [
                (title, [made[key.name] for key in keys])
                for title, keys in outline.sections(chosen)
            ],
            "revision": snapshot.revision,
            "errors": errors,
            "changed": sum(field.changed for field in made.values()),
            "problems": notes.problems_by_key(snapshot.problems).get("", []),
            "base_url": base_url(request, snapshot),
            "webui_url": webui_url() if snapshot.flag("app.webui_enabled") else "",
            **more,
        },
    )


def worded(errors: Mapping[str, str]) -> dict[str, str]:
    return {name: faults.sentence(told) for name, told in errors.items()}


def base_url(request: HttpRequest, snapshot: config.Snapshot) -> str:
    """Return what clients of the API are to be given."""
    root = snapshot.text("app.app_url") or request.build_absolute_uri("/")
    return f"{root.rstrip('/').removesuffix('/v1')}/v1"


def webui_url() -> str:
    try:
        resolve(WEBUI_PATH)
    except Resolver404:
        return ""
    return WEBUI_PATH


def tell(request: HttpRequest, revision: int, names: Sequence[str]) -> None:
    """Say what was saved, with the way back; note it in the log of the admin."""
    frame.keep_session(request)
    if not names:
        messages.info(request, _("Nothing was different, so nothing was saved."))
        return
    labels = ", ".join(label(config.KEYS[name]) for name in names)
    told = _("Saved: %(names)s.") % {"names": labels}
    link = reverse("admin:config_revert", args=[revision])
    messages.success(
        request, format_html('{} <a href="{}">{}</a>', told, link, _("Undo"))
    )
    audit.note(request, "Saved.", names)


@require_POST
@frame.needs(frame.CHANGE)
def reset(request: HttpRequest) -> HttpResponse:
    """Drop the saved value of one key, so that what lies beneath counts again."""
    key = config.KEYS.get(request.POST.get("key", ""))
    if key is None:
        raise Http404
    frame.refuse_reserved(request, [key.name])
    before = saving.fresh().revision
    try:
        after = config.unset([key.name], frame.actor(request))
    except config.Rejected as exc:
        told = worded(dict(exc.errors))
        for name, text in told.items():
            messages.error(request, f"{label(config.KEYS[name])}: {text}")
    else:
        changed = [key.name] if after.revision != before else []
        tell(request, after.revision, changed)
    return to_field(key)


def to_field(key: config.Key) -> HttpResponseRedirect:
    address = reverse("admin:config_group", args=[key.group])
    return HttpResponseRedirect(f"{address}#{key.name}")


@require_POST
@frame.needs(frame.REVEAL)
def reveal(request: HttpRequest) -> HttpResponse:
    """Show one secret on a page of its own; that it was seen is noted."""
    key = config.KEYS.get(request.POST.get("key", ""))
    if key is None or not key.sealed:
        raise Http404
    value = config.plain(saving.fresh().stored(key.name))
    frame.refuse_reserved(request, [key.name])
    audit.note(request, "Secret revealed.", [key.name])
    text = "\n".join(value) if isinstance(value, list) else str(value)
    return frame.page(
        request,
        "revealed",
        {
            "subtitle": label(key),
            "key": key,
            "label": label(key),
            "value": text,
            "rows": text.count("\n") + 1,
        },
    )
