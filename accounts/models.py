"""The tables of accounts: who they are, what quota is left, what befell them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.claims.tables import ClaimEra, ClaimLoad, ClaimMember, ClaimSlice
from accounts.declared import Declaration
from accounts.drafts.tables import ImportDraft, ImportPart

__all__ = [
    "Account",
    "ClaimEra",
    "ClaimLoad",
    "ClaimMember",
    "ClaimSlice",
    "Declaration",
    "DirectoryRevision",
    "ImportDraft",
    "ImportPart",
    "Pool",
    "QuotaWindow",
    "RestorePoint",
    "RestoreRow",
    "Status",
    "StatusEvent",
    "TierSource",
    "WindowSource",
]


class Pool(models.TextChoices):
    BASIC = "basic", _("Basic")
    SUPER = "super", _("Super")
    HEAVY = "heavy", _("Heavy")


class TierSource(models.TextChoices):
    """Where the pool is known from; `auto` means it is still to be found out."""

    IMPORTED = "imported", _("imported")
    INFERRED = "inferred", _("inferred")
    OPERATOR = "operator", _("operator")
    AUTO = "auto", _("not known yet")


class Status(models.TextChoices):
    ACTIVE = "active", _("active")
    COOLING = "cooling", _("cooling")
    EXPIRED = "expired", _("expired")
    DISABLED = "disabled", _("disabled")


class WindowSource(models.TextChoices):
    DEFAULT = "default", _("default")
    REAL = "real", _("real")
    ESTIMATED = "estimated", _("estimated")


class Account(models.Model):
    public_id = models.CharField(_("id"), max_length=40, unique=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    token_ciphertext = models.BinaryField()
    user_id = models.CharField(
        _("user id"), max_length=64, blank=True, db_index=True, default=""
    )
    pool = models.CharField(_("pool"), max_length=8, choices=Pool.choices)
    tier_source = models.CharField(
        _("tier source"),
        max_length=8,
        choices=TierSource.choices,
        default=TierSource.IMPORTED,
    )
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.ACTIVE
    )
    state_reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    tags = models.JSONField(_("tags"), default=list, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True, default="")
    # the name of the proxy node it is pinned to
    node = models.CharField(
        _("pinned to"), max_length=64, blank=True, default="", db_index=True
    )

    use_count = models.IntegerField(_("uses"), default=0)
    fail_count = models.IntegerField(_("failures"), default=0)
    sync_count = models.IntegerField(_("quota syncs"), default=0)
    # the latest calls that were answered or failed: how many, and a bit for each, the
    # newest lowest, 1 for a failure
    recent_calls = models.SmallIntegerField(default=0, editable=False)
    recent_failures = models.BigIntegerField(default=0, editable=False)
    last_use_at = models.DateTimeField(_("last use"), null=True, blank=True)
    last_fail_at = models.DateTimeField(_("last failure"), null=True, blank=True)
    last_sync_at = models.DateTimeField(_("last quota sync"), null=True, blank=True)
    last_fail_reason = models.CharField(
        _("last failure reason"), max_length=200, blank=True, default=""
    )

    # by kind, and of the week; as `accounts.allowances` has them
    media_quota = models.JSONField(default=dict, blank=True, editable=False)
    weekly_credits = models.JSONField(default=dict, blank=True, editable=False)

    tier_doubt = models.CharField(max_length=8, blank=True, default="")
    next_sync_at = models.DateTimeField(
        _("next quota sync"), default=timezone.now, db_index=True
    )
    probe_until = models.DateTimeField(default=timezone.now)

    cooling_until = models.DateTimeField(_("cooling until"), null=True, blank=True)
    strikes = models.JSONField(default=list, blank=True)
    unauthorized_at = models.DateTimeField(null=True, blank=True)
    server_faults = models.IntegerField(default=0)

    deleted_at = models.DateTimeField(
        _("deleted"), null=True, blank=True, db_index=True
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now)
    revision = models.BigIntegerField(default=0)
    # the revision of the latest change by a person or an import; what processes saw
    # before it no longer counts
    ruled_at = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions = [
            ("export_accounts", "Can export accounts with their tokens"),
            ("reveal_token", "Can see the token of an account"),
            ("run_jobs", "Can start work on accounts at upstream"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(pool__in=Pool.values), name="account_pool_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="account_status_known"
            ),
            models.CheckConstraint(
                condition=Q(tier_source__in=TierSource.values),
                name="account_tier_source_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    use_count__gte=0,
                    fail_count__gte=0,
                    sync_count__gte=0,
                    server_faults__gte=0,
                ),
                name="account_counters_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["revision", "id"], name="account_by_revision"),
            models.Index(fields=["pool", "status"], name="account_by_pool_status"),
            # What the list is sorted by, and its commonest filter on a date.
            *(
                models.Index(fields=["deleted_at", field], name=f"account_by_{name}")
                for name, field in (
                    ("pool", "pool"),
                    ("status", "status"),
                    ("use", "last_use_at"),
                    ("name", "public_id"),
                    ("added", "created_at"),
                )
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class QuotaWindow(models.Model):
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="windows"
    )
    mode = models.CharField(_("mode"), max_length=16)
    remaining = models.IntegerField(_("remaining"))
    total = models.IntegerField(_("total"))
    window_s = models.IntegerField(_("window in seconds"))
    reset_at = models.DateTimeField(_("reset"), null=True, blank=True)
    synced_at = models.DateTimeField(_("synced"), null=True, blank=True)
    source = models.CharField(
        _("source"),
        max_length=10,
        choices=WindowSource.choices,
        default=WindowSource.DEFAULT,
    )
    cooling_until = models.DateTimeField(_("cooling until"), null=True, blank=True)

    class Meta:
        verbose_name = _("quota window")
        verbose_name_plural = _("quota windows")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "mode"], name="window_once_per_mode"
            ),
            models.CheckConstraint(
                condition=Q(remaining__gte=0, total__gte=0, window_s__gte=0),
                name="window_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(source__in=WindowSource.values), name="window_source_known"
            ),
        ]
        indexes = [
            models.Index(fields=["remaining", "reset_at"], name="window_by_reset")
        ]

    def __str__(self) -> str:
        return f"{self.mode} {self.remaining}/{self.total}"


class StatusEvent(models.Model):
    """One status change; `deleted` stands beside the four states of an account."""

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="events"
    )
    at = models.DateTimeField(_("time"), db_index=True)
    from_status = models.CharField(_("from"), max_length=8)
    to_status = models.CharField(_("to"), max_length=8)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    actor = models.CharField(_("by"), max_length=150, blank=True, default="")
    request_id = models.CharField(
        _("request id"), max_length=64, blank=True, default=""
    )

    class Meta:
        verbose_name = _("status event")
        verbose_name_plural = _("status events")

    def __str__(self) -> str:
        return f"{self.from_status} -> {self.to_status}"


class DirectoryRevision(models.Model):
    """One row: the number given to the latest change made outside the directory."""

    # set by hand: MariaDB allows no check on a column that counts by itself
    id = models.SmallIntegerField(primary_key=True, default=1)
    value = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="directory_revision_single")
        ]

    def __str__(self) -> str:
        return str(self.value)


class RestorePoint(models.Model):
    """The state of many accounts before one bulk change; it can be used once."""

    public_id = models.CharField(_("id"), max_length=16, unique=True)
    at = models.DateTimeField(_("time"), db_index=True)
    action = models.CharField(_("change"), max_length=64)
    actor = models.CharField(_("by"), max_length=150, blank=True, default="")
    count = models.PositiveIntegerField(_("accounts"), default=0)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    class Meta:
        verbose_name = _("restore point")
        verbose_name_plural = _("restore points")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.action} ({self.count})"


class RestoreRow(models.Model):
    """One account as it was; `made` if it was not there at all."""

    point = models.ForeignKey(
        RestorePoint, on_delete=models.CASCADE, related_name="rows"
    )
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    made = models.BooleanField(default=False)
    kept = models.JSONField(default=dict)
    windows = models.JSONField(default=list)

    class Meta:
        verbose_name = _("kept account")
        verbose_name_plural = _("kept accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["point", "account"], name="restore_row_once_per_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.point_id}: {self.account_id}"
