from django.apps import AppConfig
from django.core.checks import register

from grokgateway.config.checks import check_environment


class ConfigConfig(AppConfig):
    name = "grokgateway.config"
    label = "config"

    def ready(self) -> None:
        register(check_environment)
