from django.apps import AppConfig, apps
from django.core.checks import register
from django.db.models.signals import post_migrate


class GrokgatewayConfig(AppConfig):
    name = "grokgateway"

    def ready(self) -> None:
        from grokgateway.checks import check_stores  # noqa: PLC0415 - after the app registry
        from grokgateway.console import roles  # noqa: PLC0415 - likewise

        register(check_stores)
        last = [config for config in apps.get_app_configs() if config.models_module][-1]
        post_migrate.connect(roles.establish, sender=last)  # all permissions exist
