"""The tables of captures; found by Django through `gateway.models`."""

from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Capture(models.Model):
    """A failed request to be gone through again; the file itself is sealed."""

    public_id = models.CharField(max_length=32, unique=True, editable=False)
    request_id = models.CharField(_("request"), max_length=128, db_index=True)
    made_at = models.DateTimeField(_("time"), db_index=True)
    key = models.CharField(max_length=64, blank=True)
    endpoint = models.CharField(_("endpoint"), max_length=64)
    model = models.CharField(_("model"), max_length=128, blank=True)
    status = models.PositiveSmallIntegerField()
    error_code = models.CharField(max_length=64, blank=True)
    words_kept = models.BooleanField(_("words kept"), default=False)
    faithful = models.BooleanField(default=True)
    alike = models.BooleanField(default=True)
    size_bytes = models.PositiveIntegerField(_("size"))
    sealed_bytes = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        verbose_name = _("capture")
        verbose_name_plural = _("captures")
        ordering = ["-made_at", "-id"]
        permissions = [("download_capture", "Can download captures")]

    def __str__(self) -> str:
        return self.request_id


class CaptureWish(models.Model):
    """Requests whose id begins so are captured if they fail, until it expires."""

    prefix = models.CharField(
        _("request id begins with"),
        max_length=128,
        unique=True,
        validators=[
            MinLengthValidator(4),
            RegexValidator(r"\A[A-Za-z0-9_.\-]+\Z", _("No request id begins so.")),
        ],
    )
    keep_words = models.BooleanField(
        _("keep words"),
        default=False,
        help_text=_(
            "Prompts are never captured. With this, what the model said is not covered."
        ),
    )
    until = models.DateTimeField(_("until"), editable=False)

    class Meta:
        verbose_name = _("request to capture")
        verbose_name_plural = _("requests to capture")
        ordering = ["-until"]

    def __str__(self) -> str:
        return self.prefix
