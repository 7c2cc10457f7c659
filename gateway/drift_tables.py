"""The table of what upstream sends and nobody knows; found through `gateway.models`."""

from django.db import models


class Drift(models.Model):
    """`streams` had it, of `of` since the first; `sample` is a frame without words."""

    kind = models.CharField(max_length=8)
    name = models.CharField(max_length=64)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    streams = models.PositiveBigIntegerField(default=0)
    of = models.PositiveBigIntegerField(default=0)
    witnesses = models.JSONField(default=list)
    sample = models.TextField()

    class Meta:
        ordering = ["-last_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "name"], name="drift_kind_name")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def percent(self) -> float:
        return round(100 * self.streams / max(self.of, self.streams, 1), 1)
