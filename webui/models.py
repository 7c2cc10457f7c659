"""What people keep: filters of the console, rounds of the image wall."""

from django.conf import settings
from django.db import models
from django.utils import timezone
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


class RoundState(models.TextChoices):
    RUNNING = "running", _("running")
    SUCCESS = "success", _("all there")
    PARTIAL = "partial", _("some there")
    FAILED = "failed", _("failed")
    STOPPED = "stopped", _("stopped")


class Round(models.Model):
    """One round of an image wall: what was asked for and how it came out.

    Its pictures are the kept files that have its id as their batch. One with
    `removed_at` is shown to nobody and goes soon, unless it is brought back.
    """

    public_id = models.CharField(max_length=32, unique=True)
    run = models.CharField(max_length=32)
    number = models.PositiveSmallIntegerField(_("round"), default=1)
    owner = models.CharField(_("visitor"), max_length=64)
    prompt = models.TextField(_("prompt"))
    ratio = models.CharField(_("ratio"), max_length=8)
    quality = models.CharField(_("quality"), max_length=8)
    count = models.PositiveSmallIntegerField(_("pictures"))
    referred = models.BooleanField(_("with a reference"), default=False)
    picture = models.CharField(max_length=64, blank=True, default="")
    state = models.CharField(
        _("state"),
        max_length=7,
        choices=RoundState.choices,
        default=RoundState.RUNNING,
    )
    withheld = models.PositiveSmallIntegerField(_("withheld"), default=0)
    error_code = models.CharField(_("error"), max_length=64, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)
    removal = models.CharField(max_length=32, blank=True, default="", db_index=True)

    class Meta:
        verbose_name = _("round of the image wall")
        verbose_name_plural = _("rounds of the image wall")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=RoundState.values),
                name="round_state_known",
            )
        ]
        indexes = [
            models.Index(fields=["owner", "id"], name="round_of_owner"),
            models.Index(fields=["created_at"], name="round_by_age"),
        ]

    def __str__(self) -> str:
        return self.public_id
