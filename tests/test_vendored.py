"""What browsers load is in the repository: pinned, licensed, nothing from outside."""

import re
from collections.abc import Iterator

import pytest

from tests import vendored
from tests.house import ROOT

OWN = ("templates/**/*.html", "static/css/**/*.css", "static/js/**/*.js")
ABSOLUTE = re.compile(
    r"""(?:https?|wss?)://[^\s"'`<>()]*  # spelt out
    |(?<=["'`(=\s])//[\w-]+\.[\w.-]+     # with the scheme of the page
    """,
    re.VERBOSE | re.IGNORECASE,
)
# What a browser follows by itself when it reads a stylesheet or starts a script.
LOADED_BY_STYLE = re.compile(r"url\(\s*[\"']?(?!data:)([^)\"']+)|@import\s+([^;]+)")
LOADED_BY_SCRIPT = re.compile(
    r"""(?:\bfrom|\bimport|\bimport\(|importScripts\(|new\ Worker\()\s*
    ["'`](\w+:)?//[^"'`]+""",
    re.VERBOSE,
)
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}


def own_files() -> Iterator[tuple[str, str]]:
    for pattern in OWN:
        for path in sorted(ROOT.glob(pattern)):
            yield path.relative_to(ROOT).as_posix(), path.read_text()


def without_comments(path: str, text: str) -> str:
    """What loads nothing is left out: comments, and links that a reader may follow."""
    if path.endswith(".html"):
        text = re.sub(r'<a href="https://', "<a ", text)
        return re.sub(r"\{#.*?#\}|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)


def absolute(path: str, text: str) -> set[str]:
    return set(ABSOLUTE.findall(without_comments(path, text))) - NAMESPACES


@pytest.fixture(scope="module")
def libraries():
    return vendored.manifest()


def test_every_library_is_what_the_manifest_says(libraries):
    for name, library in libraries.items():
        for kept, entry in library["files"].items():
            data = (vendored.folder(name, library) / kept).read_bytes()
            assert vendored.digest(data) == entry["sha256"], f"{name}: {kept}"


def test_nothing_lies_there_that_the_manifest_does_not_name(libraries):
    named = {
        vendored.folder(name, library) / kept
        for name, library in libraries.items()
        for kept in library["files"]
    }
    found = {path for path in vendored.VENDOR.rglob("*") if path.is_file()}
    assert found - named == {vendored.MANIFEST, vendored.VENDOR / "README.md"}


def test_every_library_comes_with_its_licence(libraries):
    for name, library in libraries.items():
        assert library["licence"], name
        assert library["purpose"], name
        assert library["integrity"].startswith("sha512-"), name
        assert any(map(vendored.LICENCE.fullmatch, library["files"])), name
        assert bool(library["bundled"]) == ("LICENSE-3RD-PARTY.txt" in library["files"])


def test_libraries_load_nothing_from_outside_their_folder(libraries):
    for name, library in libraries.items():
        for kept in library["files"]:
            path = vendored.folder(name, library) / kept
            if path.suffix == ".css":
                links = [
                    one or two for one, two in LOADED_BY_STYLE.findall(path.read_text())
                ]
                assert [o for o in links if not (path.parent / o).is_file()] == []
            elif path.suffix == ".js":
                assert LOADED_BY_SCRIPT.findall(path.read_text()) == [], kept


def test_own_pages_styles_and_scripts_name_no_other_host():
    assert {p: found for p, text in own_files() if (found := absolute(p, text))} == {}


def test_scripts_and_styles_that_pages_name_are_there():
    named = re.compile(r"""\{% static ['"]([^'"{]+)['"]""")
    pages = [(p, text) for p, text in own_files() if p.endswith(".html")]
    found = {(p, link) for p, text in pages for link in named.findall(text)}
    assert {(p, o) for p, o in found if not (ROOT / "static" / o).is_file()} == set()
    assert found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.html", '<script src="https://cdn.example/x.js"></script>'),
        ("a.html", "<img src=//cdn.example/x.png>"),
        ("a.css", "@import '//fonts.example/x.css';"),
        ("a.css", "a { background: url(http://x.example/y.png) }"),
        ("a.js", 'import x from "https://cdn.example/x.js";'),
        ("a.js", 'const socket = "wss://x.example/";'),
    ],
)
def test_another_host_is_found(path, text):
    assert absolute(path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.html", "{# see https://x.example #}<a href='/v1/docs'>"),
        ("a.html", '<svg xmlns="http://www.w3.org/2000/svg">'),
        ("a.html", 'after <a href="https://x.example/y">another</a>'),
        ("a.css", "/* https://x.example */ a { background: url(b.svg) }"),
        ("a.js", "  // as https://x.example says\nconst half = 4 // 2"),
        ("a.js", 'location.protocol === "https:" ? "wss:" : "ws:"'),
    ],
)
def test_what_stays_here_is_left_alone(path, text):
    assert absolute(path, text) == set()


def test_references_to_files_that_are_not_kept_are_cut_off():
    assert vendored.trimmed("a.js", b"x;\n//# sourceMappingURL=a.js.map\n") == b"x;\n"
    assert vendored.trimmed("a.css", b"a{}/*# sourceMappingURL=a.map*/") == b"a{}"
    fonts = b'src:url(a.woff2) format("woff2"),url(a.ttf) format("truetype");'
    assert vendored.trimmed("a.css", fonts) == b'src:url(a.woff2) format("woff2");'
