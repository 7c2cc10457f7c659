"""The guarded fetcher: what it asks, whom it trusts, and when it stops."""

import gzip
import inspect
import zlib

import pytest

from gateway.errors import GatewayError, Kind
from gateway.upstream import fetch
from gateway.upstream.fetch import Fetched, Refused
from tests.gateway.upstream.made_up_web import OPEN, Web, through
from tests.gateway.upstream.stand_in import CHUNKED, LAST_CHUNK, chunk, whole

PNG = b"\x89PNG\r\n\x1a\n"
IMAGE = whole(PNG, "Content-Type: image/png; x=y\r\n")


def unlimited(size_bytes: int) -> None:
    pass


def at_most(limit_bytes: int):
    left = limit_bytes

    def take(size_bytes: int) -> None:
        nonlocal left
        left -= size_bytes
        if left < 0:
            raise GatewayError(Kind.TOO_LARGE, "too much")

    return take


def redirect(location: str, status: str = "302 Found") -> bytes:
    return whole(b"moved", f"Location: {location}\r\n", status)


@pytest.fixture
def web():
    made_up = Web()
    with through(made_up):
        yield made_up


async def refused(url: str) -> str:
    with pytest.raises(Refused) as caught:
        await fetch.fetch(url, unlimited)
    return str(caught.value)


async def test_it_asks_as_a_stranger(web):
    web.add("pictures.example", IMAGE)
    found = await fetch.fetch("https://pictures.example/a/b%20c.png?k=v#f", unlimited)
    assert found == Fetched("image/png", "b c.png", PNG)
    assert web.connected == [(OPEN, 443, "pictures.example")]
    head = web.wires[0].written.decode()
    assert head.startswith("GET /a/b%20c.png?k=v HTTP/1.1\r\n")
    names = {line.partition(":")[0].lower() for line in head.splitlines()[1:] if line}
    assert names == {"host", "accept", "accept-encoding", "user-agent", "connection"}
    assert "Host: pictures.example\r\n" in head


def test_there_is_no_way_to_give_it_a_login():
    source = inspect.getsource(fetch)
    assert list(inspect.signature(fetch.fetch).parameters) == ["url", "take", "way"]
    for word in ("Login", "Signed", "channel", "pool", "Cookie"):
        assert f"import {word}" not in source
        assert f"{word}(" not in source


async def test_every_connection_is_given_up(web):
    web.add("a.example", redirect("/x"), IMAGE)
    await fetch.fetch("http://a.example/", unlimited)
    assert [wire.is_closing() for wire in web.wires] == [True, True]


@pytest.mark.parametrize(
    ("head", "path", "claim", "name"),
    [
        ("", "/", "application/octet-stream", "download"),
        ("Content-Type: \r\n", "/a/", "application/octet-stream", "download"),
        ("Content-Type: TEXT/CSV ; q=1\r\n", "/t.csv", "text/csv", "t.csv"),
    ],
)
async def test_type_and_name(web, head, path, claim, name):
    web.add("a.example", whole(b"x", head))
    found = await fetch.fetch(f"http://a.example{path}", unlimited)
    assert (found.media_type, found.name) == (claim, name)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["10.1.2.3"],
        ["100.64.0.1"],
        ["::1"],
        ["fd00:ec2::254"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["fe80::1%eth0"],
        ["0.0.0.0"],
        [OPEN, "127.0.0.1"],
        ["127.0.0.1", OPEN],
        ["2606:4700:4700::1111", "::1"],
        [OPEN] * 9 + ["10.0.0.1"],
    ],
)
async def test_a_name_that_leads_near_us_is_refused(web, addresses):
    web.add("sly.example", IMAGE, at=addresses)
    told = await refused("http://sly.example/")
    assert told == "is a URL of a host that is not on the open internet"
    assert web.connected == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://localhost/", "ftp://a.b/"]
)
async def test_a_closed_url_is_not_even_looked_up(web, url):
    await refused(url)
    assert (web.looked_up, web.connected) == ([], [])


async def test_a_plain_open_address_needs_no_look_up(web):
    web.replies["1.1.1.1"] = [[IMAGE]]
    assert (await fetch.fetch("http://1.1.1.1/", unlimited)).body == PNG
    assert web.looked_up == []


async def test_a_name_that_changes_its_mind_is_asked_once(web):
    """DNS rebinding: open when judged, near us when connected to."""
    web.add("flip.example", IMAGE, at=[OPEN])
    web.add("flip.example", IMAGE, at=["127.0.0.1"])
    assert (await fetch.fetch("http://flip.example/", unlimited)).body == PNG
    assert web.looked_up == ["flip.example"]
    assert web.connected == [(OPEN, 80, "flip.example")]


async def test_a_redirect_to_the_same_name_is_judged_anew(web):
    web.add("flip.example", redirect("/again"), IMAGE, at=[OPEN])
    web.add("flip.example", at=["127.0.0.1"])
    assert "not on the open internet" in await refused("http://flip.example/")
    assert web.connected == [(OPEN, 80, "flip.example")]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "//localhost/",
        "http://2130706433/",
        "http://[::1]/",
        "http://near.example/",
        "http://user:pw@pictures.example/",
        "https://pictures.example:8443/",
        "file:///etc/passwd",
        "gopher://pictures.example/",
        "http://[broken/",
        "http://[::g]/",
        "http://\xff/",
    ],
)
@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
async def test_a_redirect_is_judged_like_the_first_url(web, location, status):
    web.add("pictures.example", redirect(location, status), IMAGE)
    web.add("near.example", IMAGE, at=["192.168.1.1"])
    await refused("http://pictures.example/")
    assert len(web.connected) == 1


async def test_redirects_are_followed_to_other_hosts(web):
    web.add("a.example", redirect("https://b.example/x"))
    web.add("b.example", redirect("y/z.png", "307 Temporary"), IMAGE)
    found = await fetch.fetch("http://a.example/", unlimited)
    assert (found.body, found.name) == (PNG, "z.png")
    assert [name for _, _, name in web.connected] == ["a.example", *["b.example"] * 2]
    assert web.wires[-1].written.startswith(b"GET /y/z.png HTTP/1.1")


@pytest.mark.parametrize(("hops", "ends"), [(3, True), (4, False)])
async def test_three_redirects_are_enough(web, hops, ends):
    web.add("a.example", *[redirect("/on")] * hops, IMAGE)
    if ends:
        assert (await fetch.fetch("http://a.example/", unlimited)).body == PNG
    else:
        assert "redirects" in await refused("http://a.example/")
        assert len(web.connected) == 4


async def test_a_redirect_without_an_end_goes_round_and_is_refused(web):
    web.add("a.example", *[whole(b"", "", "302 Found")] * 9)
    assert "redirects" in await refused("http://a.example/")


@pytest.mark.parametrize(
    "status",
    ["204 Empty", "206 Part", "304 Same", "403 No", "404 None", "500 X"],
)
async def test_only_a_200_counts(web, status):
    web.add("a.example", whole(b"x", "", status))
    assert status[:3] in await refused("http://a.example/")


async def test_a_host_is_tried_at_its_other_addresses(web):
    web.add("a.example", IMAGE, at=["2606:4700:4700::1111", OPEN])
    web.dead.add("2606:4700:4700::1111")
    assert (await fetch.fetch("https://a.example/", unlimited)).body == PNG
    assert len(web.connected) == 2


async def test_a_host_that_cannot_be_reached(web):
    many = [f"93.184.215.{n}" for n in range(20, 40)]
    web.add("a.example", at=many)
    web.dead.update(many)
    told = await refused("https://a.example/")
    assert told == "could not be read from its host"
    assert len(web.connected) == 4
    assert await refused("https://unknown.example/") == told
    web.add("b.example", b"no HTTP at all\r\n\r\n", at=[OPEN])
    assert await refused("http://b.example/") == told


async def test_the_body_is_cut_as_it_comes(web):
    web.add("a.example", CHUNKED + chunk(b"x" * 60) + chunk(b"x" * 60) + LAST_CHUNK)
    with pytest.raises(GatewayError) as caught:
        await fetch.fetch("http://a.example/", at_most(100))
    assert caught.value.kind is Kind.TOO_LARGE
    assert web.wires[0].is_closing()


@pytest.mark.parametrize("size", [0, 1, 65_536, 131_072, 200_000])
@pytest.mark.parametrize("members", [1, 2])
async def test_gzip_is_undone_though_not_asked_for(web, size, members):
    body = b"y" * size
    packed = gzip.compress(body) * members
    web.add("a.example", whole(packed, "Content-Encoding: gzip\r\n"))
    found = await fetch.fetch("http://a.example/", unlimited)
    assert found.body == body * members


async def test_a_gzip_bomb_is_cut_early(web):
    bomb = zlib.compressobj(9, wbits=31)
    packed = b"".join(bomb.compress(bytes(1_000_000)) for _ in range(64)) + bomb.flush()
    assert len(packed) < 100_000
    web.add("a.example", whole(packed, "Content-Encoding: gzip\r\n"))
    pieces: list[int] = []
    limit = at_most(1_000_000)

    def take(size_bytes: int) -> None:
        pieces.append(size_bytes)
        limit(size_bytes)

    with pytest.raises(GatewayError):
        await fetch.fetch("http://a.example/", take)
    assert max(pieces) <= 65_536
    assert sum(pieces) < 1_100_000


@pytest.mark.parametrize(
    ("encoding", "body", "told"),
    [
        ("gzip", b"no gzip", "cannot be read"),
        ("gzip", gzip.compress(b"x" * 99, mtime=0)[:-9], "not sent whole"),
        ("br", b"x", "not asked for"),
        ("gzip, gzip", b"x", "not asked for"),
    ],
)
async def test_odd_packings_are_refused(web, encoding, body, told):
    web.add("a.example", whole(body, f"Content-Encoding: {encoding}\r\n"))
    assert told in await refused("http://a.example/")


async def test_a_refusal_tells_neither_the_url_nor_an_address(web):
    web.add("sly.example", at=["10.9.8.7"])
    told = await refused("http://sly.example/?token=secret")
    assert "secret" not in told
    assert "10.9" not in told
