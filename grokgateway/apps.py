from django.apps import AppConfig


class GrokgatewayConfig(AppConfig):
    name = "grokgateway"
