"""How far this node's copy of the store has come."""

from django.db import models


class Position(models.Model):
    """One row: the change of the store that was applied here last."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    mark = models.CharField(max_length=32, default="")

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(id=1), name="replica_position_single"
            )
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.mark}"
