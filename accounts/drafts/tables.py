"""The tables of imports in preparation; whoever reads them alone learns no token."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportDraft(models.Model):
    """One import: what it would do, and, once started, which job does it."""

    public_id = models.CharField(_("id"), max_length=32, unique=True)
    at = models.DateTimeField(_("time"), db_index=True)
    actor = models.CharField(_("by"), max_length=150, blank=True, default="")
    refresh = models.BooleanField(default=False)
    counts = models.JSONField(default=dict)  # by kind of line
    samples = models.JSONField(default=dict)  # likewise, masked
    rejected = models.JSONField(default=list)  # [place, reason, masked]
    pools = models.JSONField(default=list)  # named by the document; empty: unclear
    would_go = models.PositiveIntegerField(default=0)  # if it replaced these pools
    missing = models.JSONField(default=list)  # ids to take out, once confirmed
    job = models.CharField(max_length=32, blank=True, default="")
    undo = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.public_id


class ImportPart(models.Model):
    """Some hundred accounts of a draft, encrypted; gone once they are stored."""

    draft = models.ForeignKey(
        ImportDraft, on_delete=models.CASCADE, related_name="parts"
    )
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draft", "number"], name="import_part_once")
        ]

    def __str__(self) -> str:
        return f"{self.draft_id}: {self.number}"
