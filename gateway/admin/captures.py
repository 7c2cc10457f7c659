"""Captures in the console: listed, downloaded, deleted; and requests to be captured."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway.capture_tables import Capture, CaptureWish
from gateway.captures import store
from gateway.keys import store as keys
from gateway.models import ApiKey
from grokgateway import crypto, moments
from grokgateway.marks import BAD, GOOD, IDLE, WAIT, badge

if TYPE_CHECKING:
    CapturePages = admin.ModelAdmin[Capture]
    WishPages = admin.ModelAdmin[CaptureWish]
else:
    CapturePages = WishPages = admin.ModelAdmin

DOWNLOAD = "gateway.download_capture"
WISHED_FOR = timedelta(hours=24)
FACTS = (
    "asked",
    "made",
    "endpoint",
    "model",
    "key_name",
    "answer",
    "words",
    "proof",
    "size",
    "file",
)
LISTED = ("request_id", *(name for name in FACTS if name not in {"asked", "endpoint"}))


def shown(request: HttpRequest, names: Iterable[str]) -> list[str]:
    """The file is named to those who may have it."""
    may = request.user.has_perm(DOWNLOAD)
    return [name for name in names if may or name != "file"]


def of_request(request: HttpRequest, request_id: str) -> QuerySet[Capture]:
    """Those of one request that this person may see."""
    if not request.user.has_perm("gateway.view_capture"):
        return Capture.objects.none()
    return Capture.objects.filter(request_id=request_id).defer("sealed")


@admin.register(Capture)
class CaptureAdmin(CapturePages):
    list_display = LISTED
    list_filter = ["words_kept", "error_code"]
    list_per_page = 50
    search_fields = ["request_id"]
    readonly_fields = FACTS

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download)
        named = path("<int:pk>/download/", view, name="gateway_capture_download")
        return [named, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Capture]:
        names = ApiKey.objects.filter(fingerprint=OuterRef("key")).values("name")
        rows = super().get_queryset(request).defer("sealed")
        return rows.annotate(key_name=Subquery(names[:1]))

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(DOWNLOAD):
            raise PermissionDenied
        row = get_object_or_404(Capture, pk=pk)
        try:
            body = store.opened(row)
        except crypto.Undecipherable as exc:
            raise Http404(_("Its key is not among the credential keys.")) from exc
        response = HttpResponse(body, content_type="application/json")
        name = f"capture-{row.made_at:%Y%m%d-%H%M%S}-{row.pk}.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response

    def get_list_display(
        self, request: HttpRequest
    ) -> list[Any]:  # Any: Django's own choice of shapes
        return shown(request, LISTED)

    def get_fields(
        self, request: HttpRequest, obj: Capture | None = None
    ) -> list[Any]:  # likewise
        return shown(request, FACTS)

    @admin.display(description=_("request"))
    def asked(self, capture: Capture) -> SafeString:
        where = reverse("admin:gateway_requestrecord_by_id", args=[capture.request_id])
        return format_html(
            '<a class="mono" href="{}">{}</a>', where, capture.request_id
        )

    @admin.display(description=_("time"), ordering="made_at")
    def made(self, capture: Capture) -> str:
        return moments.moment(capture.made_at)

    @admin.display(description=_("key"))
    def key_name(self, capture: Capture) -> str:
        return getattr(capture, "key_name", None) or capture.key

    @admin.display(description=_("answer"), ordering="status")
    def answer(self, capture: Capture) -> SafeString:
        kind = BAD if capture.error_code or capture.status >= 400 else IDLE
        return badge(kind, f"{capture.status} {capture.error_code}".strip())

    @admin.display(description=_("words"), ordering="words_kept")
    def words(self, capture: Capture) -> str:
        return gettext("kept") if capture.words_kept else gettext("covered")

    @admin.display(description=_("replay"))
    def proof(self, capture: Capture) -> SafeString:
        if not capture.faithful:
            return badge(BAD, gettext("not exact"))
        if not capture.alike:
            return badge(WAIT, gettext("other course without words"))
        return badge(GOOD, gettext("exact"))

    @admin.display(description=_("size"), ordering="size_bytes")
    def size(self, capture: Capture) -> str:
        return filesizeformat(capture.size_bytes)

    @admin.display(description=_("file"))
    def file(self, capture: Capture) -> SafeString:
        where = reverse("admin:gateway_capture_download", args=[capture.pk])
        return format_html('<a href="{}">{}</a>', where, gettext("Download"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Capture | None = None
    ) -> bool:
        return False


@admin.register(CaptureWish)
class CaptureWishAdmin(WishPages):
    list_display = ["prefix", "keep_words", "until"]
    list_per_page = 50
    search_fields = ["prefix"]
    fields = ["prefix", "keep_words"]

    # the stub leaves the form and its type open
    def save_model(
        self,
        request: HttpRequest,
        obj: CaptureWish,
        form: "forms.ModelForm[CaptureWish]",
        change: bool,
    ) -> None:
        obj.until = timezone.now() + WISHED_FOR
        super().save_model(request, obj, form, change)
        transaction.on_commit(keys.load)

    def delete_model(self, request: HttpRequest, obj: CaptureWish) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(keys.load)

    def delete_queryset(
        self, request: HttpRequest, queryset: QuerySet[CaptureWish]
    ) -> None:
        super().delete_queryset(request, queryset)
        transaction.on_commit(keys.load)

    def has_change_permission(
        self, request: HttpRequest, obj: CaptureWish | None = None
    ) -> bool:
        return False
