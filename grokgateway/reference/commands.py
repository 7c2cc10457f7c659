"""Commands of `manage.py` that are the gateway's own."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from grokgateway.reference.tables import code, document, table

ABOUT = (
    "`manage.py COMMAND --help` tells the same. Django's own commands are there too."
)

DJANGO = "django.core.management.commands"


def page(root: Path) -> str:
    blocks = [block(name, app) for name, app in own(root)]
    return document("Commands", ABOUT, *blocks)


def own(root: Path) -> Iterator[tuple[str, str]]:
    for name, app in sorted(get_commands().items()):
        found = [config for config in apps.get_app_configs() if config.name == app]
        if found and Path(found[0].path).parent == root:
            yield name, app


def block(name: str, app: str) -> str:
    command = load_command_class(app, name)
    lines = [f"## {name}", command.help or ""]
    rows = list(arguments(parser_of(command, name)))
    if rows and not extends_django(command):
        lines.append(table(("Argument", "Meaning"), rows))
    return "\n\n".join(lines)


def extends_django(command: BaseCommand) -> bool:
    """Its arguments are told by Django, and change with it."""
    return type(command).__mro__[1].__module__.startswith(DJANGO)


def parser_of(command: BaseCommand, name: str) -> argparse.ArgumentParser:
    return command.create_parser("manage.py", name)


def arguments(
    parser: argparse.ArgumentParser, before: str = ""
) -> Iterator[tuple[str, str]]:
    common = {action.dest for action in BaseCommand().create_parser("", "")._actions}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield code(f"{before}{name}"), inner.description or ""
                yield from arguments(inner, f"{before}{name} ")
        elif action.dest not in common and action.help != argparse.SUPPRESS:
            yield code(before + called(action)), meaning(action)


def called(action: argparse.Action) -> str:
    value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
    shown = " ".join(value) if isinstance(value, tuple) else str(value)
    if action.choices:
        shown = "|".join(map(str, action.choices))
    if not action.option_strings:
        return f"[{shown}]" if action.nargs in {"?", "*"} else shown
    return " ".join(filter(None, (action.option_strings[-1], shown)))


def meaning(action: argparse.Action) -> str:
    text = (action.help or "").replace("%%", "%")
    if "%(default)s" in text:
        text = text.replace("%(default)s", str(action.default))
    return text
