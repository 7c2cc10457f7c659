"""The page that gives accounts out: which, in which form, and who did it."""

import re
from collections.abc import AsyncIterator, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest
from django.db import close_old_connections
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import exporting
from accounts.admin import audit
from accounts.admin.actions import matching
from accounts.exporting import Export
from accounts.models import Account
from gateway.streaming import download

PIECES = 200
TYPES = {"json": "application/json", "txt": "text/plain", "csv": "text/csv"}
NAME_PARTS = ("presence", "status__exact", "pool__exact", "tier_source__exact")


class ExportForm(forms.Form):
    form = forms.ChoiceField(
        label=_("Form"),
        choices=[
            (exporting.POOLS, _("JSON by tier, with tokens; can be imported")),
            (
                exporting.DOCUMENT,
                _("JSON list as of 3.x, with tokens; can be imported"),
            ),
            (exporting.TEXT, _("text, one token a line")),
            (exporting.FULL, _("JSON with all fields, without tokens")),
            ("full-secrets", _("JSON with all fields and tokens")),
            (exporting.CSV, _("CSV without tokens")),
        ],
        widget=forms.RadioSelect,
        initial=exporting.POOLS,
    )


@permission_required("accounts.export_accounts", raise_exception=True)
def export(request: HttpRequest) -> HttpResponseBase:
    form = ExportForm(request.POST or None)
    if form.is_valid():
        return sent(request, form.cleaned_data["form"])
    accounts, words = chosen(request)
    context = {
        **admin.site.each_context(request),
        "title": _("Export accounts"),
        "opts": Account._meta,
        "form": form,
        "count": accounts.count(),
        "scope": words,
    }
    return TemplateResponse(request, "console/account_export.html", context)


def sent(request: HttpRequest, wanted: str) -> HttpResponseBase:
    accounts, words = chosen(request)
    clear = wanted not in {exporting.FULL, exporting.CSV}
    form = exporting.FULL if wanted == "full-secrets" else wanted
    count = accounts.count()
    told = "with tokens" if clear else "without tokens"
    audit.note(request, f"export: {count}", f"{wanted}, {told}; {words}")
    name = file_name(request, form)
    kind = TYPES[name.rpartition(".")[2]]
    return download(pieces(Export(accounts, form, clear)), name, kind)


def chosen(request: HttpRequest) -> tuple[QuerySet[Account], str]:
    """The accounts named by id, else those the filters of the list leave."""
    if ids := request.GET.getlist("id"):
        accounts = Account.objects.filter(public_id__in=ids)
        if not (there := accounts.count()):
            raise Http404
        return accounts, gettext("%d selected") % there
    pages = admin.site.get_model_admin(Account)
    try:
        found = pages.get_changelist_instance(request).get_queryset(request)
    except IncorrectLookupParameters as exc:
        raise BadRequest("no such filter") from exc
    return found, matching(pages, request) or gettext("all accounts")


def file_name(request: HttpRequest, form: str) -> str:
    """Tells filters by their short names, and the time; a search is left out."""
    parts = [request.GET[name] for name in NAME_PARTS if request.GET.get(name)]
    if request.GET.getlist("id"):
        parts.append("selected")
    plain = [re.sub(r"[^a-z0-9]+", "", part.lower())[:12] for part in parts]
    at = timezone.now().strftime("%Y%m%d-%H%M%S")
    return "-".join(["accounts", *filter(None, plain), at]) + (
        f".{exporting.SUFFIXES[form]}"
    )


async def pieces(export: Export) -> AsyncIterator[bytes]:
    """A few hundred accounts at a time; no connection outlives a step."""
    written = export.pieces()
    while text := await sync_to_async(next_text)(written):
        yield text.encode()


def next_text(written: Iterator[str]) -> str:
    text = "".join(islice(written, PIECES))
    if not text:
        close_old_connections()
    return text
