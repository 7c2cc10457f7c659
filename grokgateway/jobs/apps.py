from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "grokgateway.jobs"
    label = "jobs"
