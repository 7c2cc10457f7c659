"""Which modules a page's script brings along: a page asks for all of them at once."""

import re
from functools import cache
from pathlib import Path, PurePosixPath

from django.contrib.staticfiles import finders

IMPORT = re.compile(r'^import (?:[^"]*? from )?"(\.[^"]+)";', re.MULTILINE)


@cache
def brought_by(script: str) -> tuple[str, ...]:
    """Paths below the static root, nearest first, without what is loaded on demand."""
    found = [script]
    for name in found:  # grows meanwhile
        folder = PurePosixPath(name).parent
        imported = [joined(folder, one) for one in IMPORT.findall(source(name))]
        found += [one for one in dict.fromkeys(imported) if one not in found]
    return tuple(found[1:])


def source(name: str) -> str:
    path = finders.find(name)
    return Path(path).read_text() if path else ""


def joined(folder: PurePosixPath, address: str) -> str:
    parts: list[str] = []
    for part in (folder / address).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
