"""Run the sandbox: one socket, one process, gone at the first signal."""

import argparse
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from gateway.sandbox.accounts import TOTALS, sample
from gateway.sandbox.app import Sandbox
from gateway.sandbox.settings import Settings

BACKLOG = 2048


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """A stand-in has nothing to lose: signals simply end the process."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        yield


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9900, help="0 picks a free one")
    parser.add_argument(
        "--pace", type=int, default=0, metavar="MS", help="pause between tokens"
    )
    parser.add_argument(
        "--allow-any", action="store_true", help="unknown tokens are basic accounts"
    )
    parser.add_argument(
        "--port-file", metavar="FILE", help="write the port there once listening"
    )
    parser.add_argument("--json", action="store_true", help="print the address as JSON")
    parser.add_argument(
        "--write-accounts",
        metavar="FILE",
        help="write sample accounts for import, and stop; - is standard output",
    )
    parser.add_argument("--count", type=int, default=12, help="how many accounts")
    parser.add_argument(
        "--tiers", nargs="+", choices=list(TOTALS), default=list(TOTALS)
    )


def run(options: argparse.Namespace) -> None:
    if options.write_accounts:
        write_accounts(options)
    else:
        serve(options)


def write_accounts(options: argparse.Namespace) -> None:
    accounts = json.dumps(sample(options.count, options.tiers), indent=2) + "\n"
    if options.write_accounts == "-":
        sys.stdout.write(accounts)
    else:
        Path(options.write_accounts).write_text(accounts)


def serve(options: argparse.Namespace) -> None:
    listener = socket.create_server((options.host, options.port), backlog=BACKLOG)
    announce(options, listener)
    config = uvicorn.Config(
        Sandbox(Settings(pace_ms=options.pace, allow_any=options.allow_any)),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_queue=4,
        lifespan="off",
        access_log=False,
        log_level="warning",
        backlog=BACKLOG,
        server_header=False,
        date_header=False,
    )
    Server(config).run(sockets=[listener])


def announce(options: argparse.Namespace, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    url = f"http://{host}:{port}"
    line = json.dumps({"url": url}) if options.json else f"Sandbox on {url}"
    if options.port_file:  # first: whoever has read the line may look for the file
        Path(options.port_file).write_text(f"{port}\n")
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
