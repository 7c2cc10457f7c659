"""Commands in README and docs: known to `manage.py`, run where a test can, or why not.

Calls of a running gateway are in tests/e2e/test_snippets.py.
"""

import ast
import json
import re
import shlex
import tomllib

import pytest
from django.core.management import (
    CommandError,
    call_command,
    get_commands,
    load_command_class,
)

from grokgateway import config
from tests import snippets
from tests.grokgateway.old_installation import sqlite_database

SHELL = ("", "sh", "bash")
MANAGE = re.compile(r"(?:^|.* )(?:\S*python )?manage\.py (?P<rest>.*)", re.DOTALL)
IN_CONTAINER = re.compile(r"docker compose run --rm gateway (?P<rest>.*)")
CURL = re.compile(r"curl http://localhost:8000/v1/")
RUN = frozenset(
    {
        *("config", "createkey", "explain", "exportaccounts"),
        *("import_grok2api", "importaccounts"),
    }
)
# Why what is no command of manage.py and no call is not run
NOT_RUN = {
    r"make (demo|test|run)$": "each is a run of its own; CI does make test itself",
    r"(cp|mkdir|cd) ": "prepares a machine",
    r"sudo ": "changes the machine; the units are read by systemd in tests/deploy",
    r"docker compose (up|logs|--profile)": "needs a daemon; see tests/deploy",
    r'EXTRAS=".*" docker compose build': "likewise",
    r"[A-Z_]+=\S*$": "a line for .env",
    r"export [A-Z_]+=|claude$": "the program is not installed; its calls are replayed",
    r"\.venv/bin/python -m pip install": "installs packages",
    r"curl -X POST .*/admin/api/undo/ID$": "the id is that of a change",
    r"curl -X POST .*/_sandbox/settings": "changes the sandbox that tests share",
    r"[{\"]|scrape_configs:|- job_name:|authorization:|static_configs:": "data",
}


def all_commands():
    for page in snippets.pages():
        for block in snippets.blocks(page):
            if block.language in SHELL:
                for command in snippets.commands(block.text):
                    yield command, str(block)


def managed(command):
    """The words behind `manage.py`, without what the shell does itself."""
    found = MANAGE.fullmatch(command) or IN_CONTAINER.fullmatch(command)
    if found is None:
        return None
    rest = re.sub(r"\s[<>]\s*\S+$", "", found["rest"].replace("\\\n", " "))
    return shlex.split(rest, comments=True)


COMMANDS = dict(all_commands())  # each once, with a place where it stands
MANAGED = {text: words for text in COMMANDS if (words := managed(text))}


def test_there_is_much_to_run():
    assert len(MANAGED) > 25


@pytest.mark.parametrize("text", MANAGED)
def test_manage_py_knows_the_command_and_its_arguments(text):
    name, *arguments = MANAGED[text]
    command = load_command_class(get_commands()[name], name)
    command.create_parser("manage.py", name).parse_args(arguments)


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """What the commands speak of: files of tokens, an old installation, a key."""
    (tmp_path / "tokens.txt").write_text("one-token-of-a-test\n")
    accounts = {"super": [{"token": "another-token-of-a-test", "tags": []}]}
    (tmp_path / "accounts.json").write_text(json.dumps(accounts))
    (tmp_path / "old").mkdir()
    sqlite_database(tmp_path / "old/accounts.db")
    call_command("createkey", "NAME")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    config.forget()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("text", [t for t in MANAGED if MANAGED[t][0] in RUN])
def test_it_works(prepared, monkeypatch, capsys, text):
    name, *arguments = MANAGED[text]
    places = {"/path/to/its/data", "/app/data", "SOURCE"}
    told = [str(prepared / "old") if word in places else word for word in arguments]
    if "--replace" in told:
        told += ["--confirm", "0"]
    if told[:1] == ["-"]:
        told[0] = "tokens.txt"
    assert exit_code(name, told) in {0, EXPECTED.get(name, 0)}
    assert "".join(capsys.readouterr())


def exit_code(name, arguments):
    try:
        call_command(name, *arguments)
    except CommandError as exc:
        return exc.returncode
    except SystemExit as exc:
        return exc.code
    return 0


# Nobody can be served without accounts; the old installation holds a row that is bad.
EXPECTED = {"explain": 1, "import_grok2api": 1}


@pytest.mark.parametrize("text", [t for t in COMMANDS if t not in MANAGED])
def test_what_is_not_run_has_a_reason(text):
    if CURL.match(text):
        return  # tests/e2e/test_snippets.py
    reasons = [why for form, why in NOT_RUN.items() if re.match(form, text, re.DOTALL)]
    assert reasons, f"{COMMANDS[text]}: {text}"


def test_no_reason_is_left_over():
    unused = [
        form
        for form in NOT_RUN
        if not any(re.match(form, text, re.DOTALL) for text in COMMANDS)
    ]
    assert unused == []


LANGUAGES = {
    "json": json.loads,
    "toml": tomllib.loads,
    "python": lambda text: compile(
        text, "snippet", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    ),
    "nginx": None,  # an excerpt; the whole example is read by nginx in tests/deploy
    "text": None,
    "yaml": None,
}


@pytest.mark.parametrize(
    "block", [b for page in snippets.pages() for b in snippets.blocks(page)], ids=str
)
def test_data_and_code_can_be_read(block):
    if block.language not in SHELL and (read := LANGUAGES[block.language]):
        read(block.text)
