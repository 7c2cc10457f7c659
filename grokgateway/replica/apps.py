from django.apps import AppConfig
from django.core.checks import register
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate

from grokgateway.replica import capture
from grokgateway.replica.checks import check_shared


class ReplicaConfig(AppConfig):
    name = "grokgateway.replica"
    label = "replica"

    def ready(self) -> None:
        register(check_shared)
        connection_created.connect(capture.on_connection)
        pre_migrate.connect(capture.on_migration, sender=self)
        post_migrate.connect(capture.on_migrated, sender=self)
