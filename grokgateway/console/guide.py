"""Page: how programs call this gateway, with samples to copy."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from gateway import samples
from gateway.models import Capability, ModelRoute
from gateway.samples import Place
from media import links


def view(request: HttpRequest) -> HttpResponse:
    routes = ModelRoute.objects.filter(enabled=True, capability=Capability.CHAT)
    names = list(routes.values_list("name", flat=True))
    place = place_of(request, names, request.GET.get("model", ""))
    context = {
        **admin.site.each_context(request),
        "title": _("For programs"),
        "models": names,
        "place": place,
        "samples": samples.all_of(place),
    }
    return TemplateResponse(request, "console/guide.html", context)


def place_of(request: HttpRequest, names: list[str], wanted: str) -> Place:
    small = samples.quick_of(names)
    return Place(
        root=root_of(request), model=wanted if wanted in names else small, small=small
    )


def root_of(request: HttpRequest) -> str:
    """As configured, else as this page was found."""
    found = links.base(request.get_host(), request.scheme or "http")
    return found or request.build_absolute_uri("/").rstrip("/")
