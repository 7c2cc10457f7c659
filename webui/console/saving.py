"""Saved filters: a person's own names for what they look at again and again."""

from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from webui.models import SavedFilter

MOST = 30  # of one person for one list
NOT_KEPT = {PAGE_VAR, ERROR_FLAG}
NAME_MAX_CHARS = 40
QUERY_MAX_CHARS = 1000


@require_POST
def save(request: HttpRequest, app: str, model: str) -> HttpResponse:
    """Keep the posted query under the posted name; the same name again replaces it."""
    where = address(app, model)
    name = request.POST.get("name", "").strip()
    query = tidy(request.POST.get("query", ""))
    kept = SavedFilter.objects.filter(owner_id=request.user.pk, list=f"{app}/{model}")
    if not 0 < len(name) <= NAME_MAX_CHARS:
        told = gettext("A name of up to %d characters is needed.") % NAME_MAX_CHARS
        messages.error(request, told)
    elif not 0 < len(query) <= QUERY_MAX_CHARS:
        messages.error(request, gettext("There is no filter here to save."))
    elif kept.exclude(name=name).count() >= MOST:
        messages.error(request, gettext("There are %d saved filters already.") % MOST)
    else:
        SavedFilter.objects.update_or_create(
            owner_id=request.user.pk,
            list=f"{app}/{model}",
            name=name,
            defaults={"query": query},
        )
        messages.success(request, gettext("The filter is saved as “%s”.") % name)
    return back(where, query)


@require_POST
def forget(request: HttpRequest, app: str, model: str, pk: int) -> HttpResponse:
    mine = SavedFilter.objects.filter(owner_id=request.user.pk, list=f"{app}/{model}")
    row = get_object_or_404(mine, pk=pk)
    row.delete()
    messages.success(request, gettext("“%s” is no longer saved.") % row)
    return back(address(app, model), row.query)


def tidy(query: str) -> str:
    """The parameters of a list, without its page and without what is empty."""
    pairs = parse_qsl(query.lstrip("?"))
    return urlencode([pair for pair in pairs if pair[0] not in NOT_KEPT])


def address(app: str, model: str) -> str:
    try:
        return reverse(f"admin:{app}_{model}_changelist")
    except NoReverseMatch as error:
        raise Http404 from error


def back(where: str, query: str) -> HttpResponse:
    return redirect(f"{where}?{query}" if query else where)
