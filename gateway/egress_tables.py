"""The tables of ways out and clearances; found by Django through `gateway.models`."""

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class NodeSource(models.TextChoices):
    """Who says that it is there: the `proxy.egress` keys, or an operator."""

    CONFIG = "config", _("configuration")
    OPERATOR = "operator", _("operator")


class NodeScope(models.TextChoices):
    CHAT = "chat", _("all but files")
    RESOURCE = "resource", _("files")
    BOTH = "both", _("everything")


class EgressNode(models.Model):
    """A proxy and how it fares. `shown` is its address without the password.

    The health fields are what processes last wrote down; each has its own in memory.
    """

    name = models.CharField(_("name"), max_length=64, unique=True)
    source = models.CharField(
        _("named by"),
        max_length=8,
        choices=NodeSource.choices,
        default=NodeSource.OPERATOR,
    )
    url_ciphertext = models.BinaryField(null=True)  # null where keys name it
    shown = models.CharField(_("address"), max_length=300)
    identity = models.CharField(max_length=16, db_index=True)
    scope = models.CharField(
        _("carries"), max_length=8, choices=NodeScope.choices, default=NodeScope.BOTH
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    priority = models.PositiveSmallIntegerField(
        _("priority"),
        default=0,
        help_text=_("Lower ones first; others wait until these are out."),
    )
    weight = models.PositiveSmallIntegerField(
        _("weight"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("Share of the accounts among nodes of one priority."),
    )
    verify = models.BooleanField(
        _("check its certificate"),
        default=True,
        help_text=_("Of an https proxy; that of upstream is always checked."),
    )
    notes = models.CharField(_("notes"), max_length=300, blank=True, default="")
    manual_ciphertext = models.BinaryField(null=True)  # cookies set by hand
    user_agent = models.CharField(
        _("user agent"),
        max_length=400,
        blank=True,
        default="",
        help_text=_(
            "In manual mode: of the browser that got the cookies. Empty takes that of "
            "the configuration."
        ),
    )

    score = models.FloatField(_("health"), default=1.0)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    cooled_until = models.DateTimeField(_("out until"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=40, blank=True)
    failed_at = models.DateTimeField(_("last failed"), null=True, blank=True)
    succeeded_at = models.DateTimeField(_("last good"), null=True, blank=True)
    latency_ms = models.PositiveIntegerField(_("latency"), default=0)
    exit_address = models.CharField(_("exit address"), max_length=64, blank=True)
    checked_at = models.DateTimeField(_("last tested"), null=True, blank=True)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("proxy node")
        verbose_name_plural = _("proxy nodes")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def is_out(self, now: datetime) -> bool:
        return self.cooled_until is not None and self.cooled_until > now


class ClearanceBundle(models.Model):
    """A solved challenge, shared by all processes; `version` rises with each solve.

    `key` stands for proxy, origin and solver, so that another of these finds another
    row. After a failed solve nobody tries again before `retry_at`.
    """

    key = models.CharField(max_length=32, unique=True)
    node = models.CharField(_("node"), max_length=64)
    origin = models.CharField(_("for"), max_length=200)
    version = models.PositiveIntegerField(_("version"), default=0)
    cookies_ciphertext = models.BinaryField(null=True)  # null before the first solve
    user_agent = models.CharField(_("user agent"), max_length=400, blank=True)
    browser = models.CharField(_("browser"), max_length=32, blank=True)
    source = models.CharField(_("from"), max_length=16, default="solver")
    valid = models.BooleanField(_("valid"), default=False)
    made_at = models.DateTimeField(_("solved"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failed_at = models.DateTimeField(_("last failed"), null=True, blank=True)
    retry_at = models.DateTimeField(_("not before"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("clearance")
        verbose_name_plural = _("clearances")
        ordering = ["node", "origin"]

    def __str__(self) -> str:
        return f"{self.node} {self.origin}"


class EgressCount(models.Model):
    """A sum about one way out, over all processes; see `gateway.egress.counts`."""

    measure = models.CharField(max_length=8)
    node = models.CharField(max_length=64)
    scope = models.CharField(max_length=8, blank=True, default="")
    kind = models.CharField(max_length=10, blank=True, default="")
    detail = models.CharField(max_length=40, blank=True, default="")
    count = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "node", "scope", "kind", "detail"],
                name="egress_count_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.node} {self.detail}: {self.count}"
