"""The table of alerts; found by Django through `gateway.models`."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Alert(models.Model):
    """Something that wants a person; `about` fills the words of its kind.

    It lasts from `since` until `ended_at`; `told_at` is when people last heard of it.
    """

    kind = models.CharField(_("what"), max_length=32)
    subject = models.CharField(_("of what"), max_length=64, blank=True)
    about = models.JSONField(default=dict, blank=True)
    since = models.DateTimeField(_("since"), db_index=True)
    seen_at = models.DateTimeField(_("last seen"))
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, db_index=True)
    failure = models.CharField(_("not delivered"), max_length=200, blank=True)
    examination = models.CharField(_("examination"), max_length=32, blank=True)
    # kind and subject while it lasts, so that it cannot be open twice
    open_as = models.CharField(  # noqa: DJ001 - any number may have ended
        max_length=100, null=True, unique=True, editable=False
    )

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-since", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}".strip()
