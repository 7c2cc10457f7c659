"""What an operator with an empty gateway needs to hear."""

from django.apps import apps


def hint(url: str) -> str:
    """Empty as soon as there is an account."""
    if not apps.is_installed("accounts"):
        return ""
    accounts = apps.get_model("accounts", "Account")
    if accounts.objects.filter(deleted_at__isnull=True).exists():
        return ""
    return (
        "No accounts yet. Add them in the console or with a file, one token a line:\n"
        f"  {url}/admin\n"
        "  python manage.py importaccounts FILE\n"
        "To try the gateway without an account: make demo"
    )
