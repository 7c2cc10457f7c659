"""The tables of what processes have in hand of the limits of keys."""

from django.db import models


class KeyMember(models.Model):
    """A process that holds a share of limits; times by the clock of the tables."""

    id = models.CharField(primary_key=True, max_length=32)
    place = models.CharField(max_length=200)  # where its pid means something
    pid = models.BigIntegerField()
    born = models.BigIntegerField()
    expires_at = models.FloatField()

    def __str__(self) -> str:
        return self.id


class KeyShare(models.Model):
    """What one process has in hand of one limit of a key; `day` 0 means not daily.

    No foreign keys: a key that goes must not wait for who serves it.
    """

    key = models.BigIntegerField()
    kind = models.CharField(max_length=8)  # open | minute | requests | tokens
    member = models.CharField(max_length=32)
    day = models.IntegerField(default=0)
    count = models.BigIntegerField(default=0)
    expires_at = models.FloatField(null=True)  # set once the member is gone

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "kind", "member"], name="key_share_once"
            )
        ]
        indexes = [models.Index(fields=["member"], name="key_share_member")]

    def __str__(self) -> str:
        return f"{self.count} {self.kind} of {self.key}"
