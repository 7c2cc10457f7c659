"""Tables of the gateway: which models are offered, and what each request did."""

from django.db import models


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

    request_id = models.CharField(max_length=128, db_index=True)
    started_at = models.DateTimeField(db_index=True)
    key = models.CharField(max_length=64, blank=True)
    endpoint = models.CharField(max_length=64)
    model = models.CharField(max_length=128, blank=True)
    account = models.CharField(max_length=64, blank=True, db_index=True)
    attempts = models.JSONField(default=list)
    status = models.PositiveSmallIntegerField()
    error_code = models.CharField(max_length=64, blank=True)
    streamed = models.BooleanField(default=False)
    first_token_ms = models.FloatField(null=True)
    total_ms = models.FloatField()
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    sent_bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
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
