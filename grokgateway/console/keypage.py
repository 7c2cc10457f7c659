"""The page that changes the console key."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from grokgateway import config, keysessions

SHORTEST = 12
VARIABLE = "GROK_APP_APP_KEY"


class KeyForm(forms.Form):
    new = forms.CharField(
        label=_("New console key"),
        min_length=SHORTEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. Scripts that use /admin/api need it too."),
    )
    again = forms.CharField(
        label=_("The same once more"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_again(self) -> str:
        again = str(self.cleaned_data["again"])
        if again != self.cleaned_data.get("new", again):
            raise forms.ValidationError(_("The two are not the same."))
        return again


def page(request: HttpRequest) -> HttpResponse:
    if not request.user.is_superuser:
        raise PermissionDenied
    form = KeyForm(request.POST or None)
    if request.method == "POST" and not keysessions.locked() and changed(form, request):
        messages.success(request, _("The console key was changed."))
        return HttpResponseRedirect(reverse("admin:index"))
    context = {
        **admin.site.each_context(request),
        "title": _("Console key"),
        "form": form,
        "locked": keysessions.locked(),
        "shipped": keysessions.shipped(),
        "variable": VARIABLE,
    }
    return TemplateResponse(request, "console/key.html", context)


def changed(form: KeyForm, request: HttpRequest) -> bool:
    """Save the key if it is a good one; the session that does it goes on."""
    if not form.is_valid():
        return False
    by = request.user.get_username()
    try:
        config.save({keysessions.KEY: form.cleaned_data["new"]}, by=by)
    except config.Rejected as exc:
        for _key, told in exc.errors:
            form.add_error("new", told)
        return False
    if keysessions.by_key(request):
        request.session[keysessions.MARK] = keysessions.mark()
    return True
