"""The page on which many proxies are pasted: first a look, then they are added."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from gateway.admin.notes import note
from gateway.egress_tables import NodeScope
from gateway.exits import pasting
from gateway.exits.pasting import Line

SAVE = "save"


class PasteForm(forms.Form):
    text = forms.CharField(
        label=_("proxies"),
        max_length=1_000_000,
        widget=forms.Textarea(
            attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}
        ),
        help_text=_(
            "One in each line: its address, or a name, a space and its address. "
            "Without a scheme it is taken for http://."
        ),
    )
    scope = forms.ChoiceField(
        label=_("carries"), choices=NodeScope.choices, initial=NodeScope.BOTH
    )

    def clean_text(self) -> list[Line]:
        try:
            return pasting.read(self.cleaned_data["text"])
        except pasting.TooMany as exc:
            told = gettext("At most %d lines are taken at once.") % pasting.MAX_LINES
            raise forms.ValidationError(told) from exc


class PastePage:
    """Part of the pages of nodes."""

    admin_site: Any  # Any: these are Django's, mixed in
    opts: Any
    media: Any

    def paste(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("gateway.add_egressnode"):
            raise PermissionDenied
        form = PasteForm(request.POST or None)
        lines = form.cleaned_data["text"] if form.is_valid() else []
        if lines and SAVE in request.POST:
            count = pasting.save(lines, form.cleaned_data["scope"])
            note(request, f"nodes: {count}", "pasted")
            told = ngettext("%d node was added.", "%d nodes were added.", count)
            messages.success(request, told % count)
            return redirect("admin:gateway_egressnode_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Paste proxies"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "lines": lines,
            "good": sum(line.good for line in lines),
        }
        return TemplateResponse(request, "admin/gateway/egressnode/paste.html", context)
