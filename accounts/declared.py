"""What was declared at upstream for an account, when and by whom: once is enough."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from grokgateway.replica import writing

TERMS = "terms"
BIRTH_DATE = "birth-date"


class Declaration(models.Model):
    """The birth date itself is not kept here: the job that declared it has it."""

    account = models.ForeignKey(
        "accounts.Account", on_delete=models.CASCADE, related_name="declarations"
    )
    kind = models.CharField(
        _("declared"),
        max_length=10,
        choices=[
            (TERMS, _("upstream's terms accepted")),
            (BIRTH_DATE, _("birth date declared")),
        ],
    )
    at = models.DateTimeField(_("time"))
    by = models.CharField(_("by"), max_length=150, blank=True, default="")

    class Meta:
        verbose_name = _("declaration")
        verbose_name_plural = _("declarations")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind"], name="declared_once_per_account"
            )
        ]

    def __str__(self) -> str:
        return self.kind


def done(account_id: int) -> set[str]:
    declared = Declaration.objects.filter(account_id=account_id)
    return set(declared.values_list("kind", flat=True))


@writing()
def note(account_id: int, kind: str, by: str) -> None:
    """The first time counts."""
    Declaration.objects.get_or_create(
        account_id=account_id,
        kind=kind,
        defaults={"at": timezone.now(), "by": by[:150]},
    )


@writing()
def forget(account_id: int) -> None:
    """Another credential is another user, for whom nothing was declared."""
    Declaration.objects.filter(account_id=account_id).delete()
