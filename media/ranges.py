"""What part of a file a request gets: HTTP's conditions and ranges (RFC 9110), pure.

One range is served; several, or one that cannot be read, give the whole file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.utils.http import parse_http_date_safe

ONE_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)
ETAGS = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True)
class Conditions:
    """The headers of a request that matter here; empty where they were not sent."""

    method: str = "GET"
    range: str = ""
    if_range: str = ""
    if_none_match: str = ""
    if_modified_since: str = ""

    @classmethod
    def of(cls, method: str, headers: Mapping[bytes, bytes]) -> Self:
        """From ASGI's headers, whose names are in lower case."""
        names = (b"range", b"if-range", b"if-none-match", b"if-modified-since")
        return cls(
            method, *(headers.get(name, b"").decode("latin-1") for name in names)
        )


@dataclass(frozen=True, slots=True)
class Version:
    """What identifies the bytes of a file; `modified_s` is a Unix time."""

    size: int
    etag: str
    modified_s: int


@dataclass(frozen=True, slots=True)
class Share:
    """The answer's status and the part of the file it holds, if any."""

    status: int
    start: int = 0
    length: int = 0


def share_of(version: Version, asked: Conditions) -> Share:
    if is_known(version, asked):
        return Share(304)
    if asked.method == "GET" and asked.range and is_same(version, asked.if_range):
        return ranged(version.size, asked.range)
    return Share(200, 0, version.size)


def is_known(version: Version, asked: Conditions) -> bool:
    """Whether the caller has this version already."""
    if asked.if_none_match:
        tags = ETAGS.findall(asked.if_none_match)
        return asked.if_none_match.strip() == "*" or version.etag in tags
    since = parse_http_date_safe(asked.if_modified_since)
    return since is not None and version.modified_s <= since


def is_same(version: Version, if_range: str) -> bool:
    """Whether a range may be served: nothing asked, or exactly this version."""
    if not if_range:
        return True
    return (
        if_range.strip() == version.etag
        or parse_http_date_safe(if_range) == version.modified_s
    )


def ranged(size: int, asked: str) -> Share:
    """The share of a range header; 416 where it lies outside of the file."""
    found = ONE_RANGE.fullmatch(asked.strip())
    first, last = found.groups() if found else ("", "")
    if not first and not last:
        return Share(200, 0, size)
    if not first:
        length = min(int(last), size)
        return Share(206, size - length, length) if length else Share(416)
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return Share(200, 0, size)
    return Share(206, start, end - start + 1) if start < size else Share(416)
