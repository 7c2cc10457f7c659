"""The table of what requests came to; found by Django through `gateway.models`."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Tally(models.Model):
    """What the requests for one model came to within one slot of time: sums only.

    `first_*` count first tokens by how long they took: up to that much, and more than
    the one before; `first_more` took longer than all.
    """

    grain_s = models.PositiveIntegerField()
    slot = models.DateTimeField()
    model = models.CharField(max_length=128, blank=True)
    requests = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    limited = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    gone = models.PositiveBigIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    first_125ms = models.PositiveBigIntegerField(default=0)
    first_250ms = models.PositiveBigIntegerField(default=0)
    first_500ms = models.PositiveBigIntegerField(default=0)
    first_1s = models.PositiveBigIntegerField(default=0)
    first_2s = models.PositiveBigIntegerField(default=0)
    first_4s = models.PositiveBigIntegerField(default=0)
    first_8s = models.PositiveBigIntegerField(default=0)
    first_16s = models.PositiveBigIntegerField(default=0)
    first_32s = models.PositiveBigIntegerField(default=0)
    first_64s = models.PositiveBigIntegerField(default=0)
    first_more = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        ordering = ["-slot"]
        constraints = [
            models.UniqueConstraint(
                fields=["grain_s", "slot", "model"], name="tally_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.slot:%Y-%m-%d %H:%M}"
