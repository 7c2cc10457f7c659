"""The catalogues in `locale/`: collect texts, merge, compile. `make messages` runs it.

Needs no gettext on the system: Python is read as a tree, templates by Django's own
parser, catalogues by polib.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import polib

from tests.house import ROOT

LOCALE = ROOT / "locale"
LANGUAGES = ("de", "en", "es", "fr", "ja", "zh_Hans")
COMPLETE = ("en", "zh_Hans")
APPS = ("accounts", "gateway", "grokgateway", "media", "webui")
ONE = {"_", "gettext", "gettext_lazy", "gettext_noop"}
MANY = {"ngettext", "ngettext_lazy"}
PLURALS = {
    "ja": "nplurals=1; plural=0;",
    "zh_Hans": "nplurals=1; plural=0;",
    "fr": "nplurals=2; plural=(n > 1);",
}
VALUES = re.compile(r"%\(\w+\)[sd]|%[sd]")
USUAL = "nplurals=2; plural=(n != 1);"


@dataclass(frozen=True, slots=True)
class Text:
    """What a translator gets; `plural` is empty where there is none."""

    text: str
    plural: str
    place: str


def of_python(source: str, place: str) -> Iterator[Text]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        words = [a.value for a in node.args if isinstance(a, ast.Constant)]
        texts = [word for word in words if isinstance(word, str)]
        if name in ONE and texts:
            yield Text(texts[0], "", place)
        elif name in MANY and len(texts) > 1:
            yield Text(texts[0], texts[1], place)


def of_templates(paths: Iterable[Path]) -> Iterator[Text]:
    """Needs Django to be set up, whose parser knows what the tags mean."""
    from django.template import Template  # noqa: PLC0415 - after the set-up
    from django.template.base import Node  # noqa: PLC0415 - likewise
    from django.templatetags.i18n import (  # noqa: PLC0415 - likewise
        BlockTranslateNode,
        TranslateNode,
    )

    for path in paths:
        place = path.relative_to(ROOT).as_posix()
        parsed = Template(path.read_text())
        for node in parsed.nodelist.get_nodes_by_type(Node):
            if isinstance(node, TranslateNode):
                literal = getattr(node.filter_expression.var, "literal", None)
                if literal:
                    yield Text(str(literal).replace("%", "%%"), "", place)
            elif isinstance(node, BlockTranslateNode):
                yield of_block(node, place)


def of_block(node: Any, place: str) -> Text:  # Any: Django's node of a block
    one, _names = node.render_token_list(node.singular)
    many = node.render_token_list(node.plural)[0] if node.plural else ""
    return Text(cut(one, trim=node.trimmed), cut(many, trim=node.trimmed), place)


def cut(text: str, *, trim: bool) -> str:
    return " ".join(text.split()) if trim else text


def collected() -> dict[tuple[str, str], list[str]]:
    """Where each text stands, by itself and its plural; Django's own are left out."""
    texts: list[Text] = []
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                place = path.relative_to(ROOT).as_posix()
                texts += of_python(path.read_text(), place)
    texts += of_templates(sorted((ROOT / "templates").rglob("*.html")))
    known = of_django()
    found: dict[tuple[str, str], list[str]] = {}
    for text in texts:
        if text.text in known:
            continue
        found.setdefault((text.text, text.plural), []).append(text.place)
    counted = {text for text, plural in found if plural}
    return {key: found[key] for key in found if key[1] or key[0] not in counted}


def of_django() -> set[str]:
    """What Django itself says in Chinese, and so in our other languages too."""
    root = Path(django.__file__).parent
    files = root.glob("**/locale/zh_Hans/LC_MESSAGES/django.mo")
    return {entry.msgid for file in files for entry in polib.mofile(str(file))}


def catalogue(language: str) -> polib.POFile:
    path = folder(language) / "django.po"
    if path.exists():
        return polib.pofile(str(path), wrapwidth=84)
    made = polib.POFile(wrapwidth=84)
    made.metadata = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURALS.get(language, USUAL),
    }
    return made


def folder(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES"


def merged(old: polib.POFile, found: dict[tuple[str, str], list[str]]) -> polib.POFile:
    """What is used now, with the translations there are; new texts are empty."""
    known = {entry.msgid: entry for entry in old}
    new = polib.POFile(wrapwidth=84)
    new.metadata = old.metadata
    forms = 1 if "nplurals=1" in new.metadata["Plural-Forms"] else 2
    for (text, plural), places in sorted(found.items()):
        entry = polib.POEntry(msgid=text, msgid_plural=plural)
        entry.occurrences = [(place, "") for place in sorted(set(places))]
        before = known.get(text)
        if plural:
            kept = before.msgstr_plural if before else {}
            entry.msgstr_plural = {n: kept.get(n, "") for n in range(forms)}
        else:
            entry.msgstr = before.msgstr if before else ""
        if "%(" in text or "%d" in text or "%s" in text:
            entry.flags = ["python-format"]
        new.append(entry)
    return new


def fill_english(catalogue: polib.POFile) -> None:
    for entry in catalogue:
        if entry.msgid_plural:
            entry.msgstr_plural = {0: entry.msgid, 1: entry.msgid_plural}
        else:
            entry.msgstr = entry.msgid


def untranslated(catalogue: polib.POFile) -> list[str]:
    return [entry.msgid for entry in catalogue if not entry.translated()]


def main() -> int:
    found = collected()
    for language in LANGUAGES:
        new = merged(catalogue(language), found)
        if language == "en":
            fill_english(new)
        folder(language).mkdir(parents=True, exist_ok=True)
        new.save(str(folder(language) / "django.po"))
        new.save_as_mofile(str(folder(language) / "django.mo"))
        missing = untranslated(new)
        print(f"{language}: {len(new) - len(missing)} of {len(new)}")  # noqa: T201 - a tool's answer
    return 0


if __name__ == "__main__":
    django.setup()
    sys.exit(main())
