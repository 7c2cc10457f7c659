"""What people keep for themselves in the console."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedFilter(models.Model):
    """A list as one person likes to look at it: its address and its query."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    list = models.CharField(max_length=100)  # as in "accounts/account"
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(max_length=1000)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list", "name"], name="savedfilter_name"
            )
        ]

    def __str__(self) -> str:
        return self.name
