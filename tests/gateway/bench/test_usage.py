import os
import subprocess
import sys

import pytest

from gateway.bench import usage


@pytest.mark.skipif(not usage.PROC.is_dir(), reason="figures come from /proc")
def test_the_children_of_a_process_are_counted():
    before = usage.sample(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid in usage.workers(os.getpid())
        with usage.Watch(os.getpid()) as watch:
            pass
    finally:
        child.communicate(b"\n")
    assert watch.before.rss_bytes >= before.rss_bytes
    assert child.pid not in usage.workers(os.getpid())


def test_a_process_that_is_gone_gives_nothing():
    assert usage.stat_fields(0) == []
