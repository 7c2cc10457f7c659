"""List, read and change the runtime keys; exit code 1 refuses, 2 is wrong use."""

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from grokgateway import config

BY = "command line"
REJECTED = 1
USAGE = 2


class Command(BaseCommand):
    help = "List, read and change the runtime keys of the gateway."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="every key, value and source")
        listing.add_argument("prefix", nargs="?", default="", help="only keys under it")
        get = actions.add_parser("get", help="one value")
        get.add_argument("key")
        put = actions.add_parser("set", help="save values together, or none")
        put.add_argument(
            "assignments",
            nargs="+",
            metavar="KEY VALUE",
            help="pairs, or KEY=VALUE each; the value - is read from standard input",
        )
        unset = actions.add_parser("unset", help="back to what lies beneath")
        unset.add_argument("keys", nargs="+", metavar="KEY")
        load = actions.add_parser("import", help="save what a TOML file sets")
        load.add_argument("file", help="a file, or - for standard input")
        export = actions.add_parser("export", help="write TOML")
        export.add_argument(
            "--defaults", action="store_true", help="the template with every default"
        )
        for reader in (get, export):
            reader.add_argument("--reveal", action="store_true", help="show secrets")
        for action in (listing, get, put, unset, load, export):
            action.add_argument("--json", action="store_true", help="machine-readable")

    # Any: what argparse has collected; Django fixes this signature
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's
        try:
            self.act(options["action"], options)
        except config.Rejected as exc:
            self.refuse(exc.errors, as_json=options["json"])

    def act(self, action: str, options: Mapping[str, Any]) -> None:  # Any: as in handle
        as_json: bool = options["json"]
        match action:
            case "list":
                self.list_keys(options["prefix"], as_json=as_json)
            case "get":
                self.get(options["key"], reveal=options["reveal"], as_json=as_json)
            case "set":
                patch = pairs(options["assignments"])
                self.report(config.save(patch, BY), patch, as_json=as_json)
            case "unset":
                snapshot = config.unset(options["keys"], BY)
                self.report(snapshot, options["keys"], as_json=as_json)
            case "import":
                self.import_file(options["file"], as_json=as_json)
            case _:
                self.export(options)

    def list_keys(self, prefix: str, *, as_json: bool) -> None:
        snapshot = config.load()
        names = [name for name in config.KEYS if f"{name}.".startswith(prefix)]
        if as_json:
            self.print_json(
                {
                    "revision": snapshot.revision,
                    "keys": {name: described(snapshot, name) for name in names},
                    "problems": list(snapshot.problems),
                }
            )
            return
        width = max((len(name) for name in names), default=0)
        for name in names:
            self.stdout.write(
                f"{name:<{width}}  {snapshot.source(name):<11}  {line(snapshot, name)}"
            )
        for problem in snapshot.problems:
            self.stderr.write(self.style.WARNING(problem))

    def get(self, name: str, *, reveal: bool, as_json: bool) -> None:
        snapshot = config.load()
        key = config.find(name)
        if key is None:
            self.refuse([(name, "is no known key")], as_json=as_json)
            return
        if as_json:
            found = described(snapshot, key.name, reveal=reveal)
            self.print_json({"key": key.name, **found})
            return
        self.stdout.write(line(snapshot, key.name, reveal=reveal))

    def import_file(self, name: str, *, as_json: bool) -> None:
        """Save the valid part of the file; what is refused is listed, exit code 1."""
        config.load()
        screened = config.screen(read_toml(name))
        snapshot = config.apply(screened.edits, BY)
        self.report(snapshot, screened.edits, screened.errors, as_json=as_json)

    def export(self, options: Mapping[str, Any]) -> None:  # Any: as in handle
        if options["defaults"]:
            text = config.defaults()
        else:
            text = config.export(config.load(), reveal=options["reveal"])
        if options["json"]:
            self.print_json(config.flatten(tomllib.loads(text)))
            return
        self.stdout.write(text, ending="")

    def report(
        self,
        snapshot: config.Snapshot,
        names: Sequence[str] | Mapping[str, object],
        errors: Sequence[tuple[str, str]] = (),
        *,
        as_json: bool,
    ) -> None:
        keys = [key.name for key in map(config.find, names) if key]
        if as_json:
            values = {name: described(snapshot, name) for name in keys}
            listed = [{"key": key, "message": message} for key, message in errors]
            self.print_json(
                {"revision": snapshot.revision, "keys": values, "errors": listed}
            )
        else:
            for name in keys:
                source = snapshot.source(name)
                self.stdout.write(f"{name} = {line(snapshot, name)} ({source})")
        if errors:
            self.refuse(errors, as_json=as_json, printed=True)

    def refuse(
        self,
        errors: Sequence[tuple[str, str]],
        *,
        as_json: bool,
        printed: bool = False,
    ) -> None:
        if as_json and not printed:
            listed = [{"key": key, "message": message} for key, message in errors]
            self.print_json({"errors": listed})
        text = "\n".join(f"{key} {message}" for key, message in errors)
        raise CommandError(text, returncode=REJECTED)

    def print_json(self, found: Mapping[str, object]) -> None:
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))


def pairs(words: Sequence[str]) -> dict[str, str]:
    if "=" in words[0]:
        split = [word.partition("=") for word in words]
        if not all(mark for _, mark, _ in split):
            raise CommandError("Each argument must be KEY=VALUE.", returncode=USAGE)
        found = {name: value for name, _, value in split}
    elif len(words) % 2:
        raise CommandError("Each key needs a value.", returncode=USAGE)
    else:
        found = dict(zip(words[::2], words[1::2], strict=True))
    return {name: standard_input(value) for name, value in found.items()}


def standard_input(value: str) -> str:
    return sys.stdin.read().rstrip("\n") if value == "-" else value


def read_toml(name: str) -> dict[str, object]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
        return tomllib.loads(text)
    except (OSError, ValueError) as exc:
        message = f"{name} cannot be read: {exc}"
        raise CommandError(message, returncode=USAGE) from exc


def described(
    snapshot: config.Snapshot, name: str, *, reveal: bool = False
) -> dict[str, object]:
    value = snapshot.stored(name)
    key = config.KEYS[name]
    return {
        "value": config.plain(value) if reveal else config.shown(key, value),
        "source": str(snapshot.source(name)),
        "default": config.shown(key, key.default),
    }


def line(snapshot: config.Snapshot, name: str, *, reveal: bool = False) -> str:
    value = described(snapshot, name, reveal=reveal)["value"]
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
