"""The browser libraries in `static/vendor/`, copied from pinned npm packages.

`make vendor` writes them anew from `manifest.json`; to take another version change it
there and run it. Needs npm, which checks what it fetches against the registry.
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TypedDict

from tests.house import ROOT

VENDOR = ROOT / "static" / "vendor"
MANIFEST = VENDOR / "manifest.json"
PATIENCE_S = 120
LICENCE = re.compile(r"(licen[cs]e|notice|copying)([.-].*)?", re.IGNORECASE)
SOURCE_MAP = re.compile(rb"(//|/\*)# sourceMappingURL=\S+?(\*/)?\s*\Z")
HEADER = re.compile(rb"(?:^//.*\n)*^//.*Copyright.*\n(?:^//.*\n)*", re.MULTILINE)
OTHER_FONTS = re.compile(rb',url\([^)]+\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)')


class File(TypedDict):
    """`source` is the path inside the package; empty for what we put together."""

    source: str
    sha256: str


class Library(TypedDict):
    package: str
    version: str
    licence: str
    purpose: str
    integrity: str
    bundled: list[str]
    files: dict[str, File]


Manifest = dict[str, Library]


def manifest() -> Manifest:
    kept: Manifest = json.loads(MANIFEST.read_text())
    return kept


def folder(name: str, library: Library) -> Path:
    return VENDOR / f"{name}-{library['version']}"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def trimmed(name: str, data: bytes) -> bytes:
    """Without references to files that are not kept: source maps, other fonts."""
    if name.endswith((".css", ".js")):
        data = SOURCE_MAP.sub(b"", data)
    return OTHER_FONTS.sub(b"", data) if name.endswith(".css") else data


def fetched(spec: str, place: Path) -> tuple[str, dict[str, bytes]]:
    """What the registry calls the archive, and the files in it."""
    packed = subprocess.run(
        ["npm", "pack", "--json", "--pack-destination", place, spec],  # noqa: S607 - npm is found where the developer has it
        capture_output=True,
        check=True,
        text=True,
        timeout=PATIENCE_S,
        cwd=place,
    )
    told = json.loads(packed.stdout)[0]
    with tarfile.open(place / told["filename"]) as archive:
        parts = [
            (one.name, archive.extractfile(one)) for one in archive if one.isfile()
        ]
        return told["integrity"], {
            name.partition("/")[2]: part.read() for name, part in parts if part
        }


def terms(files: dict[str, bytes]) -> bytes:
    """The licence of a package; without a file of its own, the heads of its sources."""
    told = [name for name in sorted(files) if LICENCE.fullmatch(name)]
    if told:
        return files[told[0]].strip()
    sources = [data for name, data in files.items() if name.endswith(".js")]
    found = sorted({text for data in sources for text in HEADER.findall(data)})
    if not found:
        raise LookupError("no licence in the package")
    return b"\n".join(found).strip()


def notices(specs: list[str], place: Path) -> bytes:
    """The licences of what a library has bundled into its file."""
    texts = [terms(fetched(spec, place)[1]) for spec in specs]
    rule = b"\n\n" + b"-" * 72 + b"\n\n"
    parts = [s.encode() + b"\n\n" + text for s, text in zip(specs, texts, strict=True)]
    return rule.join(parts) + b"\n"


def refreshed(name: str, library: Library, place: Path) -> None:
    """Writes the files of one library and notes their hashes in `library`."""
    spec = f"{library['package']}@{library['version']}"
    library["integrity"], files = fetched(spec, place)
    for kept, entry in library["files"].items():
        if entry["source"]:
            data = trimmed(kept, files[entry["source"]])
        else:
            data = notices(library["bundled"], place)
        target = folder(name, library) / kept
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        entry["sha256"] = digest(data)


def main() -> None:
    libraries = manifest()
    with tempfile.TemporaryDirectory() as place:
        for name, library in libraries.items():
            refreshed(name, library, Path(place))
            sys.stdout.write(f"{folder(name, library).relative_to(ROOT)}\n")
    MANIFEST.write_text(json.dumps(libraries, indent=2) + "\n")


if __name__ == "__main__":
    main()
