"""Nodes of one store in one process: each has a file of its own."""

import sqlite3
from contextlib import closing, contextmanager

from django.apps import apps
from django.conf import settings
from django.db import connections

from grokgateway import replica
from grokgateway.replica import transactions

DEFAULT = "default"


class Nodes:
    """Files are copied from the test database, which is migrated and empty."""

    def __init__(self, folder):
        self.folder = folder
        self.empty = connections[DEFAULT].settings_dict["NAME"]

    @contextmanager
    def at(self, name):
        """Let this thread be that node; it joins when it is new."""
        path = self.folder / f"{name}.db"
        if new := not path.exists():
            with (
                closing(sqlite3.connect(self.empty)) as source,
                closing(sqlite3.connect(path)) as target,
            ):
                source.backup(target)
        before = connections[DEFAULT]
        own = connections.create_connection(DEFAULT)
        own.settings_dict = {**own.settings_dict, "NAME": str(path)}
        connections[DEFAULT] = own
        try:
            if new:
                replica.join()
            yield
        finally:
            own.close()
            connections[DEFAULT] = before


def picture():
    """All shared rows of the node at hand."""
    found = {}
    for label in settings.REPLICATED_MODELS:
        rows = apps.get_model(label)._default_manager.order_by("pk").values_list()
        found[label] = [repr(row) for row in rows]
    return found


def server():
    return transactions.current()
