"""The table of examinations; found by Django through `gateway.models`."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Examination(models.Model):
    """What was asked, by whom or for what `reason`, and the document that came of it.

    `document` is empty until it has ended; its form is that of docs/doctor.md.
    """

    public_id = models.CharField(_("id"), max_length=32, unique=True)
    asked = models.JSONField(default=dict)
    by = models.CharField(_("asked by"), max_length=150, blank=True)
    reason = models.CharField(_("because of"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("asked at"), db_index=True)
    finished_at = models.DateTimeField(_("ended"), null=True, blank=True)
    sound = models.BooleanField(_("sound"), null=True)
    document = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("examination")
        verbose_name_plural = _("examinations")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.public_id
