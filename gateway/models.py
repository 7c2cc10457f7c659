"""Tables of the gateway: models offered, keys and their use, what each request did."""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxValueValidator,
    MinValueValidator,
    ProhibitNullCharactersValidator,
)
from django.db import models
from django.utils.translation import gettext_lazy as _

from gateway.alert_tables import Alert  # noqa: F401 - found through here
from gateway.capture_tables import (  # noqa: F401 - found through here
    Capture,
    CaptureWish,
)
from gateway.doctor_tables import Examination  # noqa: F401 - found through here
from gateway.drift_tables import Drift  # noqa: F401 - found through here
from gateway.egress_tables import (  # noqa: F401 - found through here
    ClearanceBundle,
    EgressCount,
    EgressNode,
)
from gateway.form_tables import SpokenForm  # noqa: F401 - found through here
from gateway.share_tables import KeyMember, KeyShare  # noqa: F401 - found through here
from gateway.tally_tables import Tally  # noqa: F401 - found through here


class Tier(models.TextChoices):
    BASIC = "basic"
    SUPER = "super"
    HEAVY = "heavy"


class Capability(models.TextChoices):
    CHAT = "chat"
    IMAGE = "image"
    IMAGE_EDIT = "image_edit"
    VIDEO = "video"


class ModelRoute(models.Model):
    """A public model name and the upstream mode and pools that serve it."""

    name = models.CharField(max_length=128, unique=True)
    display_name = models.CharField(max_length=128)
    mode = models.CharField(max_length=32)
    tier = models.CharField(max_length=8, choices=Tier)
    capability = models.CharField(max_length=16, choices=Capability)
    prefer_best = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=1000)
    shipped_name = models.CharField(
        max_length=128,
        blank=True,
        help_text="The catalogue entry this row came from; empty if made by hand.",
    )
    shipped = models.JSONField(
        default=dict,
        blank=True,
        help_text="The values last shipped; what differs is the operator's edit.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tier__in=Tier.values), name="modelroute_tier"
            ),
            models.CheckConstraint(
                condition=models.Q(capability__in=Capability.values),
                name="modelroute_capability",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RequestRecord(models.Model):
    """One row per request; bodies are never stored here."""

    request_id = models.CharField(_("id"), max_length=128, db_index=True)
    started_at = models.DateTimeField(_("time"), db_index=True)
    key = models.CharField(max_length=64, blank=True)
    endpoint = models.CharField(_("endpoint"), max_length=64)
    model = models.CharField(_("model"), max_length=128, blank=True)
    account = models.CharField(_("account"), max_length=64, blank=True, db_index=True)
    attempts = models.JSONField(default=list)
    status = models.PositiveSmallIntegerField()
    error_code = models.CharField(max_length=64, blank=True)
    streamed = models.BooleanField(default=False)
    first_token_ms = models.FloatField(null=True)
    total_ms = models.FloatField()
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    sent_bytes = models.PositiveBigIntegerField(_("bytes sent"), default=0)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return self.request_id


class StoredResponse(models.Model):
    """A finished response with its input, which only its owner can ask for.

    What was said is sealed; `ancestors` are the public ids of the responses it
    continues, oldest first.
    """

    public_id = models.CharField(max_length=64, unique=True)
    owner = models.CharField(max_length=64)
    model = models.CharField(max_length=128)
    status = models.CharField(max_length=16)
    ancestors = models.JSONField(default=list)
    sealed = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.public_id


LARGEST_COUNT = 100_000  # of requests that are remembered one by one
LARGEST_SUM = 2**31 - 1
LARGEST_TOKEN_SUM = 10**15


STORABLE = (
    ("name", ProhibitNullCharactersValidator()),
    ("expires_at", MinValueValidator(datetime(1970, 1, 1, tzinfo=UTC))),
    ("expires_at", MaxValueValidator(datetime(9999, 1, 1, tzinfo=UTC))),
)


class ApiKey(models.Model):
    """A named key of `/v1`. Its clear text is shown once and kept nowhere.

    `key_hash` finds it, `fingerprint` owns what it stores, `hint` lets people tell it
    apart. Empty lists of what is allowed mean all; a limit that is null does not exist.
    """

    name = models.CharField(_("name"), max_length=64, unique=True)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    fingerprint = models.CharField(
        _("fingerprint"), max_length=32, unique=True, editable=False
    )
    hint = models.CharField(_("key"), max_length=16, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    allowed_models = models.JSONField(_("allowed models"), default=list, blank=True)
    allowed_pools = models.JSONField(_("allowed pools"), default=list, blank=True)
    requests_per_min = models.PositiveIntegerField(
        _("requests per minute"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_COUNT)],
    )
    concurrent = models.PositiveIntegerField(
        _("requests at once"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_COUNT)],
    )
    requests_per_day = models.PositiveIntegerField(
        _("requests per day"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_SUM)],
    )
    tokens_per_day = models.PositiveBigIntegerField(
        _("tokens per day"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_TOKEN_SUM)],
    )
    capture_until = models.DateTimeField(
        _("failures captured until"), null=True, blank=True, editable=False
    )
    capture_words = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    last_used_at = models.DateTimeField(
        _("last used"), null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(requests_per_min__gt=0), name="apikey_per_min"
            ),
            models.CheckConstraint(
                condition=models.Q(concurrent__gt=0), name="apikey_concurrent"
            ),
            models.CheckConstraint(
                condition=models.Q(requests_per_day__gt=0), name="apikey_per_day"
            ),
            models.CheckConstraint(
                condition=models.Q(tokens_per_day__gt=0), name="apikey_tokens"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what a database cannot keep, or cannot give back."""
        for name, refuse in STORABLE:
            value = getattr(self, name)
            try:
                if value is not None:
                    refuse(value)
            except ValidationError as exc:
                raise ValidationError({name: exc.messages}) from exc


class KeyUsage(models.Model):
    """What a key did on one day (UTC); `refused` counts requests over its limits."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="usage")
    day = models.DateField()
    requests = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("use of a key")
        verbose_name_plural = _("use of keys")
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["key", "day"], name="keyusage_key_day"),
        ]
        indexes = [models.Index(fields=["day"], name="keyusage_day")]

    def __str__(self) -> str:
        return f"{self.day}"


class IdempotencyRecord(models.Model):
    """An answer that is told again to its owner; `reply` is null while it is made."""

    owner = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    reply = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="idempotency_once"),
        ]

    def __str__(self) -> str:
        return self.key
