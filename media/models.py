"""The tables of media: files that are kept, how much they take, video jobs."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    IMAGE = "image", _("image")
    VIDEO = "video", _("video")


class Source(models.TextChoices):
    CHAT = "chat", _("chat")
    IMAGES = "images", _("images API")
    VIDEO_JOB = "video_job", _("video job")
    INPUT = "input", _("input of a job")
    FOUND = "found", _("found on disk")


class Asset(models.Model):
    """One file that is kept. Rows with equal bytes share one `name` in the storage.

    One with `removed_at` is shown to nobody and goes soon, unless it is brought back.
    """

    kind = models.CharField(_("kind"), max_length=5, choices=Kind.choices)
    public_id = models.CharField(_("id"), max_length=64)
    name = models.CharField(_("file"), max_length=160, db_index=True)
    mime = models.CharField(_("type"), max_length=32)
    size = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64, blank=True, default="")
    source = models.CharField(_("source"), max_length=9, choices=Source.choices)
    account = models.CharField(_("account"), max_length=64, blank=True, default="")
    model = models.CharField(_("model"), max_length=128, blank=True, default="")
    owner = models.CharField(_("key"), max_length=64, blank=True, default="")
    batch = models.CharField(
        _("made together"), max_length=32, blank=True, default="", db_index=True
    )
    place = models.PositiveSmallIntegerField(default=0)  # among those of its batch
    width = models.PositiveIntegerField(_("width"), default=0)  # px; 0: not known
    height = models.PositiveIntegerField(_("height"), default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    last_access_at = models.DateTimeField(_("last access"), null=True, blank=True)
    pinned = models.BooleanField(
        _("pinned"), default=False, help_text=_("Never removed to make room.")
    )
    protected_until = models.DateTimeField(_("protected until"), null=True, blank=True)
    expires_at = models.DateTimeField(
        _("expires"), null=True, blank=True, db_index=True
    )
    removed_at = models.DateTimeField(
        _("removed"), null=True, blank=True, db_index=True
    )
    removal = models.CharField(max_length=32, blank=True, default="", db_index=True)

    class Meta:
        verbose_name = _("media file")
        verbose_name_plural = _("media files")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "public_id"], name="asset_once_per_id"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values), name="asset_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(source__in=Source.values), name="asset_source_known"
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "created_at", "id"], name="asset_by_age"),
            models.Index(fields=["kind", "sha256"], name="asset_by_bytes"),
            models.Index(fields=["created_at", "id"], name="asset_by_time"),
            models.Index(fields=["account", "created_at"], name="asset_by_account"),
            models.Index(fields=["owner", "created_at"], name="asset_by_owner"),
            models.Index(fields=["model", "created_at"], name="asset_by_model"),
            models.Index(fields=["size"], name="asset_by_size"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Sighting(models.Model):
    """A result that was made for a prompt; remembered a day, kept or not.

    `content_hash` is of the decoded pixels, or of a video's media data.
    """

    kind = models.CharField(max_length=5, choices=Kind.choices)
    content_hash = models.CharField(max_length=64)
    prompt_hash = models.CharField(max_length=64)
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "content_hash", "prompt_hash"], name="sighting_once"
            )
        ]

    def __str__(self) -> str:
        return self.content_hash


class Usage(models.Model):
    """What the files of one kind take; changed in the transaction that changes them.

    Its row is also the lock under which files of the kind are added and removed.
    """

    kind = models.CharField(
        _("kind"), max_length=5, choices=Kind.choices, primary_key=True
    )
    files = models.PositiveBigIntegerField(_("files"), default=0)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)

    class Meta:
        verbose_name = _("media usage")
        verbose_name_plural = _("media usage")

    def __str__(self) -> str:
        return self.kind


class State(models.TextChoices):
    QUEUED = "queued", _("queued")
    IN_PROGRESS = "in_progress", _("in progress")
    COMPLETED = "completed", _("completed")
    FAILED = "failed", _("failed")


class VideoJob(models.Model):
    """A video that was asked for, from its request to its file (public-api 6.4).

    A worker owns it while `claim_token` is its own and `lease_until` lies ahead.
    `sent_at` is set before upstream is asked: from then on nothing is asked twice.
    """

    public_id = models.CharField(_("id"), max_length=40, unique=True)
    owner = models.CharField(
        _("key"), max_length=64, blank=True, default="", db_index=True
    )
    idempotency_key = models.CharField(  # noqa: DJ001 - null, so that rows without one do not collide
        max_length=255, null=True, blank=True
    )
    request_hash = models.CharField(max_length=64, blank=True, default="")

    model = models.CharField(_("model"), max_length=128)
    prompt = models.TextField(_("prompt"))
    seconds = models.PositiveSmallIntegerField(_("seconds"))
    size = models.CharField(_("size"), max_length=16)
    quality = models.CharField(_("quality"), max_length=16, default="standard")
    resolution = models.CharField(_("resolution"), max_length=8, default="720p")
    preset = models.CharField(_("preset"), max_length=16, default="custom")
    inputs = models.JSONField(
        default=list, blank=True, help_text=_("Ids of media files, in their order.")
    )
    pools = models.JSONField(
        default=list,
        blank=True,
        help_text=_("Pools that its key may use; none means all."),
    )

    status = models.CharField(
        _("state"), max_length=11, choices=State.choices, default=State.QUEUED
    )
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    error_code = models.CharField(_("error"), max_length=64, blank=True, default="")
    error_message = models.TextField(_("error message"), blank=True, default="")

    account = models.CharField(_("account"), max_length=64, blank=True, default="")
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    claim_token = models.CharField(
        max_length=32, blank=True, default="", editable=False
    )
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent upstream"), null=True, blank=True)
    posts = models.JSONField(
        default=list,
        blank=True,
        help_text=_("One object for each finished segment, with its upstream post."),
    )
    usage_recorded = models.BooleanField(default=False)

    asset = models.ForeignKey(
        Asset, on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs"
    )
    thumbnail = models.ForeignKey(
        Asset, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    created_at = models.DateTimeField(_("created"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    completed_at = models.DateTimeField(_("ended"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    class Meta:
        verbose_name = _("video job")
        verbose_name_plural = _("video jobs")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "idempotency_key"], name="videojob_once_per_key"
            ),
            models.CheckConstraint(
                condition=Q(status__in=State.values), name="videojob_status_known"
            ),
            models.CheckConstraint(
                condition=Q(progress__lte=100), name="videojob_progress_percent"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[State.QUEUED, State.IN_PROGRESS])
                | Q(completed_at__isnull=False),
                name="videojob_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=State.IN_PROGRESS)
                | (~Q(claim_token="") & Q(lease_until__isnull=False)),
                name="videojob_running_is_claimed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["status", "lease_until", "id"], name="videojob_to_claim"
            ),
            models.Index(fields=["owner", "created_at", "id"], name="videojob_listed"),
        ]

    def __str__(self) -> str:
        return self.public_id
