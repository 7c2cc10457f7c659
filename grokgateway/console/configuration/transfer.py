"""The configuration as a TOML file: in by way of a preview, and out."""

import tomllib
from datetime import datetime

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from grokgateway import config
from grokgateway.console.configuration import audit, drafts, frame, saving, views
from grokgateway.console.configuration.wording import label

LARGEST_BYTES = 512 * 1024
TOML = "application/toml; charset=utf-8"


class ImportForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("File"), required=False)
    text = forms.CharField(
        label=gettext_lazy("Or paste it here"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 12, "spellcheck": "false", "class": "mono"}
        ),
    )

    def clean(self) -> dict[str, object]:
        found = super().clean() or {}
        upload = found.get("file")
        if upload and upload.size > LARGEST_BYTES:
            raise forms.ValidationError(_("This is too large for a configuration."))
        try:
            text = (
                upload.read().decode("utf-8-sig") if upload else found.get("text", "")
            )
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is no text in UTF-8.")) from None
        if not text.strip():
            raise forms.ValidationError(_("Choose a file or paste its text."))
        if len(text) > LARGEST_BYTES:
            raise forms.ValidationError(_("This is too large for a configuration."))
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError as exc:
            told = _("This is no TOML: %(why)s.") % {"why": exc}
            raise forms.ValidationError(told) from None
        except RecursionError:
            raise forms.ValidationError(
                _("This is too large for a configuration.")
            ) from None
        return {**found, "toml": text}


@require_http_methods(["GET", "HEAD", "POST"])
@frame.needs(frame.VIEW, frame.CHANGE)
def files(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return files_page(request, ImportForm())
    return take(request)


@frame.needs(frame.CHANGE)
def take(request: HttpRequest) -> HttpResponse:
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return files_page(request, form)
    drafts.keep(request.session, form.cleaned_data["toml"])
    return redirect("admin:config_import_preview")


def files_page(request: HttpRequest, form: ImportForm) -> HttpResponse:
    # what was pasted may hold secrets and is not shown again
    return frame.page(
        request,
        "files",
        {
            "subtitle": _("Import and export"),
            "form": form,
            "errors": form.non_field_errors() if form.is_bound else [],
            "may_take_secrets": frame.may_take_secrets(request, saving.fresh()),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@frame.needs(frame.CHANGE)
def preview(request: HttpRequest) -> HttpResponse:
    """Show what a file would change, then do it if nothing changed meanwhile."""
    toml = drafts.kept(request.session)
    if toml is None:
        messages.warning(request, _("There is no file any more. Choose it again."))
        return redirect("admin:config_files")
    now = saving.fresh()
    plan = drafts.plan(toml, now, frame.reserved(request))
    if request.method == "POST" and "forget" in request.POST:
        drafts.forget(request.session)
        return redirect("admin:config_files")
    error = ""
    if request.method == "POST":
        error = apply(request, plan, now)
        if not error:
            drafts.forget(request.session)
            return redirect("admin:config_files")
    context = {"subtitle": _("Import"), "plan": plan, "now": now.revision}
    return frame.page(request, "preview", {**context, "error": error})


def apply(request: HttpRequest, plan: drafts.Plan, now: config.Snapshot) -> str:
    """Save the plan; returns why it could not be done, or nothing."""
    if request.POST.get("revision") != str(now.revision):
        return _("Somebody saved meanwhile. Look again at what would change.")
    try:
        after = config.apply(plan.edits, frame.actor(request), now.revision)
    except config.Conflict:
        return _("Somebody saved meanwhile. Look again at what would change.")
    except config.Rejected as exc:
        named = views.worded(dict(exc.errors))
        return " ".join(f"{label(config.KEYS[name])}: {t}" for name, t in named.items())
    views.tell(request, after.revision, sorted(plan.edits))
    return ""


@require_POST
@frame.needs(frame.VIEW, frame.CHANGE)
def export(request: HttpRequest) -> HttpResponse:
    """What differs from the defaults; secrets by permission, on request, noted."""
    reveal = "secrets" in request.POST
    now = saving.fresh()
    if reveal and not frame.may_take_secrets(request, now):
        raise PermissionDenied
    text = config.export(now, reveal=reveal)
    audit.note(request, "Exported with secrets." if reveal else "Exported.")
    response = HttpResponse(text, content_type=TOML)
    name = file_name(timezone.localtime())
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def file_name(now: datetime) -> str:
    return f"grok-gateway-config-{now:%Y%m%d-%H%M}.toml"
