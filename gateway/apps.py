from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_migrate


class GatewayConfig(AppConfig):
    name = "gateway"

    def ready(self) -> None:
        from gateway.checks import check_browser  # noqa: PLC0415 - models load before

        register(check_browser)
        post_migrate.connect(synchronise_catalog, sender=self)


def synchronise_catalog(**_signal: object) -> None:
    from gateway import catalog  # noqa: PLC0415 - models load after the app registry

    if catalog.table_exists():
        catalog.synchronise()
