"""Ends a worker whose `serve` process is gone, however that one died."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
POLL_S = 0.5


def tie(parent_pid: int, *, drain_s: float) -> None:
    """From now on the parent's death is this process's SIGTERM.

    The kernel tells at once where it can (Linux); a thread looks twice a second
    everywhere, and ends the process for good when draining takes too long.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(
        target=watch, args=(parent_pid, drain_s), name="lifeline", daemon=True
    ).start()


def watch(parent_pid: int, drain_s: float) -> None:
    while os.getppid() == parent_pid:
        time.sleep(POLL_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(drain_s)
    os._exit(1)
