"""What TLS begins with: read whole or not at all, and told as others tell it."""

import asyncio
import ssl

import pytest

from gateway.upstream import greetings, impersonation
from gateway.upstream.greetings import NoGreeting, heard, read

KNOWN = "t13d1516h2_8daaf6152771_d8a2da3f94cd"  # of Chrome, as lists of JA4 have it
IMPERSONATED = pytest.mark.skipif(
    not impersonation.INSTALLED, reason="requirements/impersonate.txt is not installed"
)


def own(name: str | None = "grok.test", protocols: tuple[str, ...] = ()) -> bytes:
    """A greeting of this Python, made without a socket."""
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = name is not None
    context.set_alpn_protocols(list(protocols))
    spoken = context.wrap_bio(coming, going, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        spoken.do_handshake()
    return going.read()


def test_a_greeting_is_read():
    named = read(own(protocols=("h2", "http/1.1")))
    assert named.version == 0x0304
    assert named.protocol == "h2"
    first, second, third = named.ja4.split("_")
    assert first == f"t13d{len(named.suites):02}{len(named.extensions):02}h2"
    assert len(second) == len(third) == 12
    bare = read(own(None))
    assert bare.ja4.startswith("t13i")
    assert bare.ja4.split("_")[0].endswith("00")
    assert bare.suites == named.suites


def test_what_only_keeps_servers_awake_is_no_mark():
    reader = greetings.Reader(bytes.fromhex("0a0a 1301 fafa 0a1a 1a0a"))
    assert list(reader.numbers()) == [0x1301, 0x0A1A, 0x1A0A]


def test_what_is_cut_or_no_greeting_is_refused():
    whole = own()
    for end in range(len(whole)):
        with pytest.raises(NoGreeting):
            read(whole[:end])
    for other in (b"GET / HTTP/1.1\r\n\r\n", b"\x15" + whole[1:]):
        with pytest.raises(NoGreeting):
            read(other)


@pytest.mark.e2e
async def test_pythons_own_is_heard():
    found = await heard("")
    assert found is not None
    assert found.protocol == "http/1.1"
    assert found.ja4 != KNOWN


@pytest.mark.e2e
@IMPERSONATED
async def test_a_browser_is_heard_as_it_is_known():
    chrome, firefox = await asyncio.gather(heard("chrome136"), heard("firefox144"))
    assert chrome is not None
    assert chrome.ja4 == KNOWN
    assert firefox is not None
    assert firefox.ja4 not in {KNOWN, ""}


@pytest.mark.e2e
async def test_who_says_nothing_is_not_heard(monkeypatch):
    async def silent(carrier: object) -> bytes:
        await asyncio.sleep(60)
        return b""

    monkeypatch.setattr(greetings, "begun", silent)
    monkeypatch.setattr(greetings, "HEARD_S", 0.05)
    assert await heard("") is None
