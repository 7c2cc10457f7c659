"""PostgreSQL, Redis and nginx of a test's own, which it may stop and start again."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis

PG_BIN = Path("/usr/lib/postgresql/15/bin")
# A host is never marked as down: a connection that is refused goes to the next at once,
# and nginx would spare a host that came back for as long as its first stream lasts.
NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream gateways {{
    {servers}
    keepalive 32;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://gateways;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 1h;
      proxy_connect_timeout 2s;
      proxy_next_upstream error timeout;
    }}
  }}
}}
"""


def needed(*programs: str | Path) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Service:
    """A server that a test may stop and start again."""

    command: list[str]
    answers: Callable[[], bool]
    stopped_by: signal.Signals = signal.SIGTERM
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.user,
        )
        deadline = time.monotonic() + 30
        while not self.answers():
            assert self.process.poll() is None, self.command
            assert time.monotonic() < deadline, self.command
            time.sleep(0.05)

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(self.stopped_by)
            process.wait(30)


@contextlib.contextmanager
def kept(service: Service) -> Iterator[Service]:
    try:
        service.start()
        yield service
    finally:
        service.stop()


def own_redis(folder: Path, port: int) -> Service:
    """Keeps nothing on disk: what was in it is gone after a restart."""

    def answers() -> bool:
        with contextlib.suppress(redis.RedisError, OSError):
            with redis.Redis(port=port) as client:
                return bool(client.ping())
        return False

    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    return Service(["redis-server", *options, "--dir", str(folder)], answers)


def own_postgresql(folder: Path, port: int) -> Service:
    user = "postgres" if os.geteuid() == 0 else None
    folder.mkdir(mode=0o700)
    if user:
        shutil.chown(folder, user)
    options = ["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8"]
    subprocess.run(
        [PG_BIN / "initdb", *options, "-D", folder],
        check=True,
        capture_output=True,
        user=user,
        cwd="/",
    )

    def answers() -> bool:
        with contextlib.suppress(psycopg.Error):
            psycopg.connect(url_of(port), connect_timeout=2).close()
            return True
        return False

    return Service(
        [
            *(str(PG_BIN / "postgres"), "-D", str(folder), "-p", str(port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            *("-c", "fsync=off", "-c", "max_connections=200"),
        ],
        answers,
        stopped_by=signal.SIGINT,  # at once, whoever is connected
        user=user,
    )


def url_of(port: int) -> str:
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def own_nginx(folder: Path, port: int, hosts: list[int]) -> Service:
    servers = "\n".join(f"    server 127.0.0.1:{one} max_fails=0;" for one in hosts)
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port, servers=servers))

    def answers() -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        return False

    return Service(
        ["nginx", "-c", str(settings), "-e", str(folder / "nginx.log")], answers
    )
