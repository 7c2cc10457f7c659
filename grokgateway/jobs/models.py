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


class CacheRow(models.Model):
    """The table of Django's database cache, which wants these columns."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "grokgateway_cache"

    def __str__(self) -> str:
        return self.cache_key


class BatchState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    ERROR = "error", _("broken off")


class BatchJob(models.Model):
    """One work on many things, done by whichever worker holds its lease."""

    public_id = models.CharField(_("id"), max_length=32, unique=True)
    kind = models.CharField(_("work"), max_length=32)
    params = models.JSONField(default=dict, blank=True)
    scope = models.CharField(_("scope"), max_length=300, blank=True, default="")
    started_by = models.CharField(_("started by"), max_length=150, blank=True)
    retry_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="retries",
        verbose_name=_("tries again what failed in"),
    )
    status = models.CharField(
        _("state"),
        max_length=9,
        choices=BatchState.choices,
        default=BatchState.WAITING,
    )
    total = models.PositiveIntegerField(_("things"), default=0)
    processed = models.PositiveIntegerField(_("processed"), default=0)
    ok = models.PositiveIntegerField(_("done"), default=0)
    fail = models.PositiveIntegerField(_("failed"), default=0)
    concurrency = models.PositiveSmallIntegerField(_("at once"), default=50)
    cancel_requested = models.BooleanField(_("to be cancelled"), default=False)
    warning = models.CharField(_("warning"), max_length=500, blank=True, default="")
    error = models.CharField(_("error"), max_length=500, blank=True, default="")
    owner = models.CharField(max_length=96, blank=True, default="", editable=False)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_index=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("batch job")
        verbose_name_plural = _("batch jobs")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["status", "id"], name="batch_by_state")]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class ItemState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    OK = "ok", _("done")
    FAILED = "failed", _("failed")
    SKIPPED = "skipped", _("skipped")


class BatchItem(models.Model):
    """One thing of a job; `number` counts the processed ones in their order."""

    job = models.ForeignKey(BatchJob, on_delete=models.CASCADE, related_name="items")
    target = models.CharField(_("thing"), max_length=64)
    label = models.CharField(_("name"), max_length=64, blank=True, default="")
    state = models.CharField(
        _("state"), max_length=7, choices=ItemState.choices, default=ItemState.WAITING
    )
    number = models.PositiveIntegerField(_("order"), default=0)
    result = models.JSONField(_("result"), default=dict, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("item of a job")
        verbose_name_plural = _("items of a job")
        constraints = [
            models.UniqueConstraint(
                fields=["job", "target"], name="batch_item_once_per_job"
            )
        ]
        indexes = [
            models.Index(fields=["job", "state", "id"], name="batch_item_by_state"),
            models.Index(fields=["job", "number"], name="batch_item_by_number"),
        ]

    def __str__(self) -> str:
        return self.label or self.target
