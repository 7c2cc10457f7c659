"""Rows of the configuration; what their values mean is the registry's business."""

from django.db import models


class ConfigOverride(models.Model):
    """One saved key. The value is {"value": ...}, or {"sealed": ...} if encrypted."""

    key = models.CharField(max_length=128, primary_key=True)
    value = models.JSONField()
    revision = models.PositiveBigIntegerField()
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["key"]
        verbose_name = "saved setting"
        default_permissions = ("view",)
        permissions = [
            ("change_config", "Can change the configuration"),
            ("reveal_config", "Can see secrets of the configuration"),
        ]

    def __str__(self) -> str:
        return self.key


class ConfigRevision(models.Model):
    """The one row whose number grows with every change."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(id=1), name="config_revision_single"
            )
        ]

    def __str__(self) -> str:
        return str(self.number)


class ConfigHistory(models.Model):
    """One change: stored values by key, before and after, null where none was set."""

    revision = models.PositiveBigIntegerField(unique=True)
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=150)
    changes = models.JSONField()

    class Meta:
        ordering = ["-revision"]
        default_permissions = ()
        verbose_name = "settings change"

    def __str__(self) -> str:
        return f"{self.revision} by {self.saved_by}"
