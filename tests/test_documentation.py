"""The documentation: pages in their place, anchors, a current reference."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from gateway.errors import Kind
from grokgateway.reference import PAGES, drawn
from grokgateway.reference.errors import MEANINGS
from tests import house
from tests.house import ROOT

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s#]*)#([^)\s]+)\)")
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
PICTURE = re.compile(r'(?:src|srcset)="([^"]+)"|!\[[^\]]*\]\(([^)\s]+)\)')
FOREIGN = re.compile(r'<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)="https?:')


def pages():
    return [path for path in house.tracked() if path.endswith(".md")]


def slugs(path):
    """Anchors of the headings, as GitHub and the site both make them."""
    text = FENCED.sub("", (ROOT / path).read_text(encoding="utf-8"))
    for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "").lower()
        yield re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain)).strip("-")


def in_nav(part):
    if isinstance(part, str):
        yield part
        return
    for one in part.values() if isinstance(part, dict) else part:
        yield from in_nav(one)


def test_reference_pages_are_current():
    """Otherwise: make snapshot."""
    folder = ROOT / "docs/reference"
    assert {path.name for path in folder.iterdir()} == PAGES.keys()
    for name, text in drawn(settings.BASE_DIR).items():
        assert (folder / name).read_text(encoding="utf-8") == text


def test_every_error_has_a_meaning():
    assert MEANINGS.keys() == set(Kind)


def test_every_page_is_in_the_menu_once():
    listed = list(in_nav(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    wanted = [path[len("docs/") :] for path in pages() if path.startswith("docs/")]
    assert sorted(listed) == sorted(wanted)


def test_every_anchor_is_there():
    dead = []
    for path in pages():
        text = FENCED.sub("", (ROOT / path).read_text(encoding="utf-8"))
        for target, anchor in LINK.findall(text):
            if "://" in target:
                continue
            aim = (ROOT / path).parent / target if target else ROOT / path
            aim = aim.resolve().relative_to(ROOT)
            if aim.suffix == ".md" and anchor not in set(slugs(aim)):
                dead.append(f"{path}: {target}#{anchor}")
    assert dead == []


def test_every_picture_is_there():
    missing = []
    for path in pages():
        text = FENCED.sub("", (ROOT / path).read_text(encoding="utf-8"))
        for places in PICTURE.findall(text):
            place = "".join(places)
            if "://" not in place and not (ROOT / path).parent.joinpath(place).exists():
                missing.append(f"{path}: {place}")
    assert missing == []


def test_both_readmes_show_and_link_the_same():
    """Their words differ; what they lead to and let one type does not."""

    def kept(path):
        text = (ROOT / path).read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)]+)\)", text)
        models = re.findall(r"`(grok-[\w.-]+)`", text)
        return sorted({*links, *models} - {"README.md", "README.zh-CN.md"})

    assert kept("README.zh-CN.md") == kept("README.md")


@pytest.mark.load
def test_the_site_is_built_without_a_warning_and_loads_nothing_foreign():
    subprocess.run(
        ["make", "docs", "ARGS=--once"],  # noqa: S607 - as a developer types it
        cwd=ROOT,
        check=True,
        timeout=600,
    )
    built = list(Path(ROOT, "build/site").rglob("*.html"))
    assert len(built) > 30
    texts = [path.read_text(encoding="utf-8") for path in built]
    assert [found for text in texts for found in FOREIGN.findall(text)] == []
