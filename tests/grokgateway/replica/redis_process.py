"""A Redis of one's own that can be stopped and started again."""

import shutil
import socket
import subprocess
import time

import pytest
import redis


class RedisProcess:
    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process = None

    def start(self):
        program = shutil.which("redis-server")
        if program is None:
            pytest.fail("there is no redis-server here")
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
        }
        line = [str(word) for name in options for word in (f"--{name}", options[name])]
        self._process = subprocess.Popen([program, *line], stdout=subprocess.DEVNULL)
        ends_at = time.monotonic() + 10
        with redis.Redis(port=self.port) as client:
            while True:
                try:
                    client.ping()
                except redis.ConnectionError:
                    assert time.monotonic() < ends_at, "Redis did not start"
                    time.sleep(0.02)
                else:
                    return

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def forget(self):
        """What it has written is lost."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
