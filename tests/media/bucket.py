"""A storage without paths, as a bucket is."""

from datetime import UTC, datetime

from django.core.files.base import ContentFile
from django.core.files.storage import Storage


class Bucket(Storage):
    def __init__(self):
        self.objects = {}

    def _save(self, name, content):
        self.objects[name] = (b"".join(content.chunks()), datetime.now(UTC))
        return name

    def _open(self, name, mode="rb"):
        if name not in self.objects:
            raise FileNotFoundError(name)
        return ContentFile(self.objects[name][0], name)

    def delete(self, name):
        self.objects.pop(name, None)

    def exists(self, name):
        return name in self.objects

    def size(self, name):
        return len(self.objects[name][0])

    def get_modified_time(self, name):
        return self.objects[name][1]

    def listdir(self, path):
        start = f"{path}/"
        return [], [n.removeprefix(start) for n in self.objects if n.startswith(start)]
