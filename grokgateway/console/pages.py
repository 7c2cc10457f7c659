"""Console pages that belong to no model, and where the seed's addresses lead."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse

from grokgateway.console import (
    accountpage,
    doctor,
    explain,
    guide,
    keypage,
    overview,
    trying,
)
from grokgateway.console.configuration.routes import ROUTES as CONFIGURATION
from grokgateway.console.jobs import states
from grokgateway.console.storage.routes import ROUTES as STORAGE

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Page:
    """Mounted below /admin/ and wrapped in the site's check of who may enter."""

    route: str
    view: View
    name: str


PAGES: tuple[Page, ...] = (
    Page("overview.json", overview.latest, "overview"),
    Page("console-key/", keypage.page, "console_key"),
    Page("explain/", explain.view, "explain"),
    Page("doctor/", doctor.view, "doctor"),
    Page("docs/", guide.view, "docs"),
    Page("try/", trying.view, "try"),
    Page("accounts/account/<int:pk>/change/", accountpage.view, "account_page"),
    *(Page(*one) for one in (*CONFIGURATION, *STORAGE)),
    Page("jobs/<slug:name>.json", states.show, "job_state"),
)

# The seed's path below /admin/ and the page that took its place.
SEED = {
    "account": "admin:accounts_account_changelist",
    "config": "admin:config",
    "cache": "admin:cache",
}


def leads_to(name: str) -> View:
    """A view that sends the browser to the page of that name, its query kept.

    To the overview while there is no such page. 302, because browsers keep a 301.
    """

    def view(request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        return HttpResponseRedirect(address(name) + (f"?{query}" if query else ""))

    return view


def address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return reverse("admin:index")
