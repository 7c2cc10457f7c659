"""The tables of claims: who serves, and what each has in hand."""

from django.db import models


class ClaimMember(models.Model):
    """A process that serves; while it lives, what it holds of accounts is its own."""

    id = models.CharField(primary_key=True, max_length=32)
    name = models.CharField(max_length=200)
    place = models.CharField(max_length=200)  # where its pid means something
    pid = models.BigIntegerField()
    born = models.BigIntegerField()  # tells two processes with one pid apart
    alone = models.BooleanField()  # owns every account without asking
    started_at = models.FloatField()
    expires_at = models.FloatField()
    notes = models.JSONField(default=dict)  # what status pages show of it
    era = models.BigIntegerField(default=0)  # the one it has followed into
    reaches = models.BooleanField(default=False)  # Redis, of late

    def __str__(self) -> str:
        return self.name


class ClaimEra(models.Model):
    """Whether claims are taken from Redis or from the tables, where both are used.

    The one row is locked by whoever turns, follows or joins.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)
    tables = models.BooleanField(default=False)
    turned_at = models.FloatField(default=0.0)
    stranger = models.BooleanField(default=False)  # whoever turned was not in Redis

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="claim_era_once")
        ]

    def __str__(self) -> str:
        return f"era {self.number}"


class ClaimSlice(models.Model):
    """Units of one mode, or (mode empty) slots of one account, in a member's hands.

    No foreign keys: a member or an account that goes must not wait for the others.
    """

    member = models.CharField(max_length=32)
    account = models.BigIntegerField()
    mode = models.CharField(max_length=16, blank=True)
    count = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "account", "mode"], name="claim_slice_once"
            )
        ]
        indexes = [models.Index(fields=["account", "mode"], name="claim_slice_account")]

    def __str__(self) -> str:
        return f"{self.count} of {self.account} {self.mode or 'slots'}"


class ClaimLoad(models.Model):
    """The slots of one account in all hands; its row is locked by every claim."""

    # set by hand, as DirectoryRevision's
    account = models.BigIntegerField(primary_key=True)
    slots = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.slots} of {self.account}"
