"""The table of upstream's forms in use; found by Django through `gateway.models`."""

from django.db import models


class SpokenForm(models.Model):
    """An operation that speaks `form` instead of its first until `until`."""

    operation = models.CharField(max_length=16, unique=True)
    form = models.CharField(max_length=16)
    since = models.DateTimeField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.operation}: {self.form}"
