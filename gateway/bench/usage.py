"""CPU time and memory of the gateway's workers, read from /proc; zeros elsewhere."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

PROC = Path("/proc")
REST_S = 5.0  # what is given back is given back by then
SAMPLE_S = 0.1
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    cpu_s: float
    rss_bytes: int


def workers(parent_pid: int) -> list[int]:
    """The children of `serve`: the processes that answer."""
    found = []
    for entry in PROC.glob("[0-9]*"):
        fields = stat_fields(int(entry.name))
        if fields and int(fields[1]) == parent_pid:
            found.append(int(entry.name))
    return found


def stat_fields(pid: int) -> list[str]:
    """/proc/PID/stat from the state on; empty if the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def sample(parent_pid: int) -> Sample:
    ticks = 0
    pages = 0
    for pid in workers(parent_pid):
        if fields := stat_fields(pid):
            ticks += int(fields[11]) + int(fields[12])
            pages += int(fields[21])
    return Sample(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE"))


class Watch:
    """Takes samples while it is open; `peak_rss_bytes` is the highest seen."""

    def __init__(self, parent_pid: int) -> None:
        self.parent_pid = parent_pid
        self.before = sample(parent_pid)
        self.after = self.before
        self.peak_rss_bytes = self.before.rss_bytes
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self) -> None:
        while not self.over.wait(SAMPLE_S):
            rss_bytes = sample(self.parent_pid).rss_bytes
            self.peak_rss_bytes = max(self.peak_rss_bytes, rss_bytes)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.over.set()
        self.thread.join()
        time.sleep(REST_S)
        self.after = sample(self.parent_pid)
