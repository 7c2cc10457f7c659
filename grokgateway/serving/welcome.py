"""What an operator with an empty gateway needs to hear."""

from pathlib import Path

from django.apps import apps

OLD_DATABASE = "accounts.db"


def hint(url: str, data_dir: Path) -> str:
    """Empty as soon as there is an account."""
    if not empty():
        return ""
    lines = [
        "No accounts yet. Add them in the console or with a file, one token a line:",
        f"  {url}/admin",
        "  python manage.py importaccounts FILE",
        "To try the gateway without an account: make demo",
    ]
    if old_installation(data_dir):
        lines += [
            f"There is an {OLD_DATABASE} of grok2api in DATA_DIR. To take it over:",
            f"  python manage.py import_grok2api {data_dir}",
        ]
    return "\n".join(lines)


def empty() -> bool:
    if not apps.is_installed("accounts"):
        return False
    accounts = apps.get_model("accounts", "Account")
    return not accounts.objects.filter(deleted_at__isnull=True).exists()


def old_installation(data_dir: Path) -> bool:
    return (data_dir / OLD_DATABASE).is_file()
