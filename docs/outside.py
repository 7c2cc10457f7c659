"""MkDocs hook: files outside docs/ that pages link become part of the site.

So one link works in the repository and in the site, without knowing where the
repository is.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

LINK = re.compile(r"(?<=\]\()(?:\.\./)+[^)#\s]+")
FOLDER = "repository"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    docs = Path(config.docs_dir)
    for page in list(files.documentation_pages()):
        for link in LINK.findall(page.content_string):
            source = target(page.src_uri, link)
            if source and not files.get_file_from_path(inside(source)):
                path = docs.parent / source
                for one in sorted(path.iterdir()) if path.is_dir() else [path]:
                    files.append(generated(config, one, place(one, docs)))
    return files


def generated(config: MkDocsConfig, path: Path, source: str) -> File:
    made = File.generated(config, inside(source), content=show(path))
    made.inclusion = InclusionLevel.NOT_IN_NAV
    return made


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    del files

    def moved(link: re.Match[str]) -> str:
        source = target(page.file.src_uri, link[0])
        if not source:
            return link[0]
        path = Path(config.docs_dir).parent / source
        if path.is_dir():
            path = sorted(path.iterdir())[0]
        wanted = inside(place(path, Path(config.docs_dir)))
        return posixpath.relpath(wanted, posixpath.dirname(page.file.src_uri) or ".")

    return LINK.sub(moved, markdown)


def target(page: str, link: str) -> str:
    """The linked file by its path in the repository; empty if it lies within docs/."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link))
    return "" if path.startswith("docs/") else path


def place(path: Path, docs: Path) -> str:
    return path.relative_to(docs.parent).as_posix()


def inside(source: str) -> str:
    """Where the site has it: a page that shows the text."""
    return f"{FOLDER}/{source.lstrip('.')}.md"


def show(path: Path) -> str:
    fence = "~~~~"
    text = path.read_text(encoding="utf-8")
    head = "---\nsearch:\n  exclude: true\n---\n"
    return f"{head}# {path.name}\n\n{fence}\n{text}\n{fence}\n"
