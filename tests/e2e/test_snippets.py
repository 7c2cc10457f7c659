"""Calls in README and docs, as a reader would paste them, on a running gateway."""

import ast
import os
import re
import subprocess

import pytest

from tests import snippets
from tests.test_snippets import COMMANDS, CURL

ADDRESS = "http://localhost:8000"
CALLS = [text for text in COMMANDS if CURL.match(text)]
PROGRAMS = [
    block
    for page in snippets.pages()
    for block in snippets.blocks(page)
    if block.language == "python" and ADDRESS in block.text
]
# The readers of a fresh gateway have no key yet; this one has.
WITH_KEY = (
    'curl() { command curl -sS --fail-with-body -H "X-API-Key: $GATEWAY_KEY" "$@"; }'
)


def test_there_is_something_to_try():
    assert len(CALLS) >= 5
    assert len(PROGRAMS) >= 5


@pytest.mark.parametrize("call", CALLS)
def test_a_call(gateway, tmp_path, call):
    done = subprocess.run(
        ["/bin/bash", "-c", f"{WITH_KEY}\n{call.replace(ADDRESS, gateway.url)}"],
        env={**os.environ, "GATEWAY_KEY": gateway.key},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert '"error":{' not in done.stdout
    assert re.search(r'"(content|delta|url|id)":', done.stdout)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_a_program(gateway, monkeypatch, capsys, program):
    monkeypatch.setenv("GATEWAY_KEY", gateway.key)
    text = program.text.replace(ADDRESS, gateway.url)
    tree = ast.parse(text, str(program))
    exec(compile(tree, str(program), "exec"), {})  # noqa: S102 - our own documentation
    assert len(capsys.readouterr().out) > 5
