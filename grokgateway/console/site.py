"""The site that every admin page hangs on."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext_lazy as _

from grokgateway import keysessions
from grokgateway.console import banners, menu, overview, pages
from grokgateway.console.jobs import words
from grokgateway.console.signing import SignInForm

Context = dict[str, Any]  # Django's own shape


class ConsoleSite(admin.AdminSite):
    site_header = "Grok Gateway"
    site_title = "Grok Gateway"
    index_title = _("Overview")
    site_url = None
    login_form = SignInForm
    empty_value_display = ""
    enable_nav_sidebar = False  # ours stands in base_site.html

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Ours first: the seed's addresses, with and without the final slash."""
        return [*self.seed_urls(), *self.own_urls(), *super().get_urls()]

    def seed_urls(self) -> list[URLPattern]:
        taken = {page.route for page in pages.PAGES}
        leads = [
            path(route, pages.leads_to(name))
            for seed, name in pages.SEED.items()
            for route in (seed, f"{seed}/")
            if route not in taken
        ]
        return [path("login", self.login), *leads]

    def own_urls(self) -> list[URLPattern]:
        return [
            path(page.route, self.admin_view(page.view), name=page.name)
            for page in pages.PAGES
        ]

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[menu.Entry]:
        found = super().get_app_list(request, app_label)
        return found if app_label else menu.arranged(request, found)

    def each_context(self, request: HttpRequest) -> Context:
        context = super().each_context(request)
        welcome = bool(context["has_permission"])
        return {
            **context,
            "banners": banners.shown_to(request) if welcome else [],
            "docs_url": "/v1/docs",
            "language_url": reverse("set_language"),
            "job_words": words.of_page() if welcome else "",
            "tray": welcome and not keysessions.confined(request),
        }

    def index(
        self, request: HttpRequest, extra_context: Context | None = None
    ) -> TemplateResponse:
        shown: Context = {"panels": overview.shown_to(request)}
        return super().index(request, shown | (extra_context or {}))
