import os
import subprocess
import sys

from grokgateway.jobs.presence import KEPT_S, Presence

LIVE = """
import sys
from pathlib import Path
from grokgateway.jobs.presence import Presence
one = Presence(Path(sys.argv[1]))
one.begin()
print(one.name, flush=True)
sys.stdin.read()
"""


def neighbour(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", LIVE, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_process_is_known_to_be_gone_once_it_was_killed(tmp_path):
    mine = Presence(tmp_path)
    mine.begin()
    process, name = neighbour(tmp_path)
    with process:
        assert not mine.gone(name)
        process.kill()
    assert mine.gone(name)
    assert mine.gone(name)


def test_of_itself_and_of_strangers_nothing_of_the_kind_is_said(tmp_path):
    mine = Presence(tmp_path)
    mine.begin()
    mine.begin()
    assert not mine.gone(mine.name)
    assert not mine.gone("0" * 12)
    mine.end()
    assert Presence(tmp_path).gone(mine.name)


def test_files_of_the_dead_go_after_a_while(tmp_path):
    old, new, live = Presence(tmp_path), Presence(tmp_path), Presence(tmp_path)
    for one in (old, new, live):
        one.begin()
    for name in (old.name, live.name):
        os.utime(tmp_path / f"{name}.alive", (0, KEPT_S))
    for one in (old, new):
        one.end()
    Presence(tmp_path).begin()
    left = {path.stem for path in tmp_path.iterdir()}
    assert left >= {new.name, live.name}
    assert old.name not in left
