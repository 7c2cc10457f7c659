"""Tables that background work of every app shares."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LeaderLease(models.Model):
    """Who does a work that only one process may do; `fence` grows with each holder."""

    name = models.CharField(_("work"), max_length=64, unique=True)
    owner = models.CharField(_("holder"), max_length=96, blank=True, default="")
    expires_at = models.DateTimeField(_("expires"))
    fence = models.PositiveBigIntegerField(_("fencing number"), default=1)

    class Meta:
        verbose_name = _("leader lease")
        verbose_name_plural = _("leader leases")

    def __str__(self) -> str:
        return self.name
