from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "grokgateway.config"
    label = "config"
