"""Actions on the list of accounts: what is asked first, done, told and recorded."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin import audit
from accounts.admin.deeds import Deed, Order
from accounts.bulk import Changed
from accounts.credentials import masked
from accounts.models import Account
from grokgateway.jobs.models import BatchJob

if TYPE_CHECKING:
    AccountPages = admin.ModelAdmin[Account]
else:
    AccountPages = admin.ModelAdmin

SAMPLES = 10
APPLY = "apply"
Act = Callable[[AccountPages, HttpRequest, QuerySet[Account]], HttpResponse | None]


def action_of(deed: Deed) -> Act:
    def act(
        pages: AccountPages, request: HttpRequest, accounts: QuerySet[Account]
    ) -> HttpResponse | None:
        return perform(pages, request, accounts, deed)

    act.__name__ = deed.name
    described = admin.action(description=deed.label, permissions=[deed.permission])
    return described(act)


def perform(
    pages: AccountPages, request: HttpRequest, accounts: QuerySet[Account], deed: Deed
) -> HttpResponse | None:
    """Ask if need be; then take the accounts as they are now, and act."""
    form = deed.form(request.POST if APPLY in request.POST else None)
    answered = form.is_valid()
    if deed.asks and not answered:
        return confirmation(pages, request, accounts, deed, form)
    answers = form.cleaned_data if answered else {}
    by = request.user.get_username()
    words = scope(pages, request, accounts)
    ids = list(accounts.order_by("pk").values_list("pk", flat=True))
    order = Order(ids, by, answers, words)
    done = deed.do(order)
    audit.note(
        request, f"{deed.name}: {len(order.ids)}", recorded(words, done, answers)
    )
    tell(pages, request, done)
    return None


def confirmation(
    pages: AccountPages,
    request: HttpRequest,
    accounts: QuerySet[Account],
    deed: Deed,
    form: object,
) -> HttpResponse:
    shown = accounts.order_by("pk")[:SAMPLES]
    count = accounts.count()
    context = {
        **pages.admin_site.each_context(request),
        "title": deed.label,
        "opts": pages.opts,
        "media": pages.media,
        "deed": deed,
        "form": form,
        "count": count,
        "scope": scope(pages, request, accounts),
        "samples": [(account, masked(account)) for account in shown],
        "more": max(0, count - SAMPLES),
        "across": request.POST.get("select_across", "0"),
        "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/accounts/account/confirm.html", context)


def scope(
    pages: AccountPages, request: HttpRequest, accounts: QuerySet[Account]
) -> str:
    """Which accounts, in words: the ticked ones, or all that match."""
    if request.POST.get("select_across", "0") != "1":
        return (
            ngettext("%d selected", "%d selected", accounts.count()) % accounts.count()
        )
    words = matching(pages, request)
    count = accounts.count()
    if not words:
        return gettext("all %d accounts") % count
    return gettext("all %(count)d matching %(words)s") % {
        "count": count,
        "words": words,
    }


def matching(pages: AccountPages, request: HttpRequest) -> str:
    """The filters and the search of the list, as a person would say them."""
    changes = pages.get_changelist_instance(request)
    words = []
    for spec in changes.filter_specs:
        used = any(name in request.GET for name in spec.expected_parameters() or ())
        for choice in spec.choices(changes) if used else ():
            if choice["selected"]:
                words.append(f"{spec.title}: {choice['display']}")
    if changes.query:
        words.append(gettext("search: %s") % shortened(changes.query))
    return ", ".join(words)


def shortened(query: str) -> str:
    """A search may be a whole token, which no page or log repeats."""
    return query if len(query) <= 40 else query[:6] + "\u2026"


def recorded(words: str, done: Changed | BatchJob, answers: object) -> str:
    if isinstance(done, BatchJob):
        return f"{words}; job {done.public_id}; {answers}"
    return f"{words}; {done.count} changed; undo {done.undo or '-'}; {answers}"


def tell(pages: AccountPages, request: HttpRequest, done: Changed | BatchJob) -> None:
    if isinstance(done, BatchJob):
        where = reverse("admin:jobs_batchjob_change", args=[done.pk])
        told = ngettext(
            "A job for %d account was started.",
            "A job for %d accounts was started.",
            done.total,
        )
        link, text = where, told % done.total
        pages.message_user(
            request, linked(text, link, _("Follow it")), messages.SUCCESS
        )
        return
    text = (
        ngettext("%d account changed.", "%d accounts changed.", done.count) % done.count
    )
    if done.undo:
        link = reverse("admin:accounts_restorepoint_undo", args=[done.undo])
        pages.message_user(request, linked(text, link, _("Undo")), messages.SUCCESS)
    else:
        pages.message_user(request, text, messages.SUCCESS)


def linked(text: str, where: str, name: object) -> str:
    return format_html('{} <a href="{}">{}</a>', text, where, name)
