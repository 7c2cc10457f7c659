"""Keeps N worker processes on one listening socket, and ends them together."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from grokgateway.serving.plan import Plan

logger = logging.getLogger(__name__)
POLL_S = 0.05
CLOSE_LIMIT_S = 15.0  # beyond the drain: flushing and closing
ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Worker:
    process: subprocess.Popen[bytes]
    ready_fd: int
    ready: bool = False

    def look(self) -> bool:
        """True once the worker said that it accepts."""
        if not self.ready:
            with contextlib.suppress(BlockingIOError):
                self.ready = os.read(self.ready_fd, 1) == b"1"
        return self.ready

    def gone(self) -> bool:
        return self.process.poll() is not None


class Supervisor:
    """One run: start, watch, replace a worker that died, stop."""

    def __init__(
        self, plan: Plan, listener: socket.socket, announce: Callable[[], None]
    ) -> None:
        self.plan = plan
        self.listener = listener
        self.announce = announce
        self.stopping = False
        self.hurried = False
        self.workers: list[Worker] = []

    def run(self) -> int:
        """Exit code: 0 after a signal, 1 when a worker failed to start."""
        with self.signals():
            self.workers = [self.spawn() for _ in range(self.plan.workers)]
            announced = False
            while not self.stopping:
                if not announced and all(worker.look() for worker in self.workers):
                    announced = True
                    self.announce()
                if not self.replace_lost():
                    self.stop()
                    return 1
                time.sleep(POLL_S)
            self.stop()
        return 0

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        before = {
            number: signal.signal(number, self.note)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def note(self, signum: int, frame: FrameType | None) -> None:
        self.hurried = self.stopping and signum == signal.SIGINT
        self.stopping = True

    def spawn(self) -> Worker:
        ready_fd, child_fd = os.pipe()
        os.set_blocking(ready_fd, False)
        listener_fd = self.listener.fileno()
        arguments = [self.plan.dump(), str(listener_fd), str(child_fd)]
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "grokgateway.serving.worker", *arguments],
            pass_fds=(listener_fd, child_fd),
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            process_group=0,  # Ctrl-C reaches the workers through us only
        )
        os.close(child_fd)
        return Worker(process, ready_fd)

    def replace_lost(self) -> bool:
        """False if a worker ended before it ever accepted: a new one would too."""
        for index, worker in enumerate(self.workers):
            if not worker.gone():
                continue
            if not worker.look():
                return False
            os.close(worker.ready_fd)
            logger.error("A worker ended with %s", worker.process.returncode)
            self.workers[index] = self.spawn()
        return True

    def stop(self) -> None:
        """The parent's copy of the socket goes first, so that nothing queues on it."""
        self.listener.close()
        for worker in self.workers:
            worker.process.terminate()
        ends_at = time.monotonic() + self.plan.drain_s + CLOSE_LIMIT_S
        while not all(worker.gone() for worker in self.workers):
            if self.hurried or time.monotonic() > ends_at:
                for worker in self.workers:
                    worker.process.kill()
            time.sleep(POLL_S)
