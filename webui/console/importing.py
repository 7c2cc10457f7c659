"""The import of accounts in three steps: read, look, then a job does it."""

import csv
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts import imports
from accounts.admin import audit
from accounts.admin.forms import tags_in
from accounts.documents import AUTO, Defaults, decode, parse
from accounts.drafts import previews, steps
from accounts.models import Account, ImportDraft, Pool
from grokgateway.jobs import batches
from grokgateway.jobs.models import BatchJob, BatchState

if TYPE_CHECKING:
    File = UploadedFile[bytes]
else:
    File = UploadedFile

LIMIT_MIB = 50
LIMIT_BYTES = LIMIT_MIB * 1024 * 1024
SUFFIXES = (".txt", ".json", ".csv")
MAY_ADD = "accounts.add_account"
MAY_REPLACE = "accounts.delete_account"
LOOK_AGAIN_S = 3
COUNT_MAX_DIGITS = 9
KIND_TITLES = {
    previews.ADDED: _("New"),
    previews.RESTORED: _("Restored: were deleted"),
    previews.TAGGED: _("Already there; gain tags"),
    previews.PRESENT: _("Already there; nothing changes"),
    previews.REPEATED: _("Repeated in the file"),
    previews.UNREADABLE: _("Unreadable"),
}


class ImportForm(forms.Form):
    pasted = forms.CharField(
        label=_("Accounts"),
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 10, "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=_("One token or cookie line a line, or JSON, or CSV with a head."),
    )
    file = forms.FileField(
        label=_("or a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ",".join(SUFFIXES)}),
        help_text=_("Choose it or drop it here: .txt, .json or .csv, up to 50 MiB."),
    )
    pool = forms.ChoiceField(
        label=_("Tier"),
        choices=[(AUTO, _("auto: find out")), *Pool.choices],
        initial=AUTO,
        help_text=_("For accounts whose document names none."),
    )
    tags = forms.CharField(
        label=_("Tags"), required=False, help_text=_("separated by commas")
    )
    refresh = forms.BooleanField(label=_("Refresh quotas afterwards"), required=False)

    def clean_tags(self) -> list[str]:
        return tags_in(self.cleaned_data["tags"])

    def clean_file(self) -> File | None:
        file: File | None = self.cleaned_data["file"]
        if file is None:
            return None
        if not str(file.name).lower().endswith(SUFFIXES):
            raise forms.ValidationError(_("A .txt, .json or .csv file, please."))
        if (file.size or 0) > LIMIT_BYTES:
            raise forms.ValidationError(_("The file is larger than 50 MiB."))
        return file

    def clean(self) -> None:
        super().clean()
        given = [name for name in ("pasted", "file") if self.cleaned_data.get(name)]
        if not given and not self.errors:
            raise forms.ValidationError(_("Paste accounts or choose a file."))
        if len(given) > 1:
            raise forms.ValidationError(_("Either paste accounts or choose a file."))
        if len(self.cleaned_data.get("pasted") or "") > LIMIT_BYTES:
            self.add_error("pasted", _("The text is larger than 50 MiB."))


@permission_required(MAY_ADD, raise_exception=True)
def begin(request: HttpRequest) -> HttpResponse:
    """Step 1. What was sent lies in memory or a private temporary file until read."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        answers = form.cleaned_data
        defaults = Defaults(answers["pool"], tuple(answers["tags"]))
        draft = previews.prepare(
            parse(text_of(answers), defaults),
            by=request.user.get_username(),
            refresh=answers["refresh"],
        )
        return redirected("console-account-import-shown", draft)
    return page(request, "console/account_import.html", {"form": form})


# Any: what the form has cleaned
def text_of(answers: dict[str, Any]) -> str:
    file = answers["file"]
    if file is None:
        return str(answers["pasted"])
    with file:
        return decode(file.read())


@permission_required(MAY_ADD, raise_exception=True)
def show(request: HttpRequest, draft_id: str) -> HttpResponse:
    """Step 2 before the start, step 3 after it."""
    draft = found(draft_id)
    if draft.job:
        return under_way(request, draft)
    return preview(request, draft)


def preview(request: HttpRequest, draft: ImportDraft, error: str = "") -> HttpResponse:
    kinds = [
        (KIND_TITLES[kind], draft.counts[kind], draft.samples.get(kind, []))
        for kind in previews.KINDS
    ]
    context = {
        "draft": draft,
        "kinds": kinds,
        "unreadable": draft.rejected[: previews.SAMPLES],
        "anything": draft.parts.exists(),
        "replaceable": bool(draft.pools) and request.user.has_perm(MAY_REPLACE),
        "pools": ", ".join(draft.pools),
        "error": error,
    }
    return page(request, "console/account_import_preview.html", context)


def under_way(request: HttpRequest, draft: ImportDraft) -> HttpResponse:
    job = batches.counters(draft.job)
    running = job is not None and job.status in batches.OPEN
    context: dict[str, object] = {
        "draft": draft,
        "job": job,
        "running": running,
        "failed": job is not None and (job.fail or job.status != BatchState.DONE),
        "sums": sums(job) if job else {},
    }
    response = page(request, "console/account_import_job.html", context)
    if running:
        response["Refresh"] = str(LOOK_AGAIN_S)
    return response


def sums(job: BatchJob) -> dict[str, int]:
    """What all steps so far have done together."""
    total: dict[str, int] = {}
    for result in job.items.exclude(number=0).values_list("result", flat=True):
        for name, count in result.items():
            if type(count) is int:
                total[name] = total.get(name, 0) + count
    return total


@require_POST
@permission_required(MAY_ADD, raise_exception=True)
def start(request: HttpRequest, draft_id: str) -> HttpResponse:
    """Merge, or replace once the number of those who go is typed."""
    draft = found(draft_id)
    replacing = None
    if request.POST.get("replace"):
        if not request.user.has_perm(MAY_REPLACE):
            return preview(request, draft, str(_("You may not replace a tier.")))
        typed = request.POST.get("count", "").strip()
        if not typed.isdecimal() or len(typed) > COUNT_MAX_DIGITS:
            told = _("To replace a tier, type how many accounts would go.")
            return preview(request, draft, str(told))
        replacing = int(typed)
    return started(request, draft, replacing)


def started(
    request: HttpRequest, draft: ImportDraft, replacing: int | None
) -> HttpResponse:
    try:
        job = steps.start(draft, request.user.get_username(), replacing)
    except steps.AlreadyStarted:
        messages.warning(request, _("This import was started before."))
    except imports.UnclearPools:
        return preview(request, draft, str(_("The file does not name every tier.")))
    except steps.Differs as now:
        told = gettext(
            "Nothing was done: %d accounts would go now, not the number typed."
        )
        return preview(request, draft, told % now.count)
    else:
        how = "merge" if replacing is None else f"replace, {replacing} to go"
        audit.note(request, f"import {draft}", f"{how}; job {job.public_id}")
    return redirected("console-account-import-shown", draft)


@require_POST
@permission_required(MAY_ADD, raise_exception=True)
def discard(request: HttpRequest, draft_id: str) -> HttpResponse:
    previews.discard(found(draft_id))
    messages.info(request, _("The import was forgotten; nothing was changed."))
    return HttpResponseRedirect(reverse("admin:accounts_account_changelist"))


@permission_required(MAY_ADD, raise_exception=True)
def rejected(request: HttpRequest, draft_id: str) -> HttpResponse:
    """The lines nobody could read, with their reasons; secrets are masked."""
    draft = found(draft_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rejected.csv"'
    writer = csv.writer(response)
    writer.writerow(["place", "reason", "masked"])
    writer.writerows(draft.rejected)
    return response


def found(draft_id: str) -> ImportDraft:
    draft = previews.find(draft_id)
    if draft is None:
        raise Http404
    return draft


def redirected(name: str, draft: ImportDraft) -> HttpResponse:
    return HttpResponseRedirect(reverse(name, args=[draft.public_id]))


def page(
    request: HttpRequest, template: str, context: dict[str, object]
) -> HttpResponse:
    shown = {
        **admin.site.each_context(request),
        "title": _("Import accounts"),
        "opts": Account._meta,
        **context,
    }
    return TemplateResponse(request, template, shown)
