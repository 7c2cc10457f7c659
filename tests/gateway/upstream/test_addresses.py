"""Which URLs of strangers may be looked up, and which addresses may be reached."""

import ipaddress

import pytest

from gateway.upstream.addresses import Refused, check_address, checked_url, is_open

CLOSED = [
    # loopback, private, shared, link-local
    *("127.0.0.1", "127.255.255.254", "10.0.0.1", "10.255.255.255", "172.16.0.1"),
    *("172.31.255.255", "192.168.0.1", "192.168.255.255", "100.64.0.1"),
    *("100.127.255.255", "169.254.0.1", "169.254.255.254"),
    # metadata services
    *("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192"),
    *("168.63.129.16", "fd00:ec2::254", "fe80::a9fe:a9fe"),
    # unspecified, this network, broadcast, multicast, reserved
    *("0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "254.1.1.1", "192.0.0.1", "192.0.2.1", "192.88.99.1"),
    *("198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7"),
    # the same in IPv6
    *("::", "::1", "fc00::1", "fdff::1", "fe80::1", "fe80::1%eth0", "fec0::1"),
    *("ff02::1", "ff0e::1", "100::1", "2001:db8::1", "3fff::1", "5f00::1"),
    *("2001::1", "2001:10::1", "2001:20::1", "4000::1", "64:ff9b:1::1"),
    # IPv4 in IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::7f00:1"),
    *("::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1"),
    *("2002:7f00:1::1", "2002:0808:0808::1", "2001:0:7f00:1::1"),
]
OPEN = [
    *("1.1.1.1", "8.8.8.8", "93.184.215.14", "172.15.255.255", "172.32.0.1"),
    *("100.63.255.255", "100.128.0.1", "169.253.1.1", "169.255.1.1", "192.167.1.1"),
    *("198.17.1.1", "198.20.0.1", "223.255.255.254", "128.0.0.1", "168.63.129.17"),
    *("2606:4700:4700::1111", "2a00:1450::1", "2400::1", "64:ff9b::808:808"),
]
FAR = "is a URL of a host that is not on the open internet"


@pytest.mark.parametrize("text", CLOSED)
def test_closed_addresses(text):
    assert not is_open(ipaddress.ip_address(text))
    with pytest.raises(Refused, match=FAR):
        check_address(text)


@pytest.mark.parametrize("text", OPEN)
def test_open_addresses(text):
    assert is_open(ipaddress.ip_address(text))
    check_address(text)


def test_nothing_is_open_that_python_knows_to_be_special():
    """Our own table must not be behind the library's."""
    for text in OPEN:
        address = ipaddress.ip_address(text)
        wrapped = text.startswith("64:ff9b::")
        assert address.is_global or wrapped


@pytest.mark.parametrize("text", [t for t in CLOSED if "%" not in t])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_url_of_a_closed_address_is_refused(text, scheme):
    host = f"[{text}]" if ":" in text else text
    with pytest.raises(Refused):
        checked_url(f"{scheme}://{host}/x")


@pytest.mark.parametrize(
    "host",
    [
        # other spellings of 127.0.0.1 and 169.254.169.254, as old resolvers read them
        *("2130706433", "0x7f000001", "0X7F000001", "017700000001", "127.1", "127.0.1"),
        *("0x7f.1", "0x7f.0x0.0x0.0x1", "0177.0.0.1", "127.0.0.01", "127.0.0.1."),
        *("2852039166", "0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "169.254.43518"),
        *("0", "0.0", "1", "127.0.0.256", "1.2.3.4.5", "8.8.2056", "134744072"),
        *("example.1", "example.0x7f", "[::ffff:7f00:1]", "[::]", "[fe80::1%25lo]"),
        # names near us, and names that are no full ones
        *("localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local"),
        *("printer.LOCAL.", "metadata.google.internal", "x.localdomain", "nas.lan"),
        *("box.home.arpa", "redis", "metadata", "kubernetes", "a..b", ".", "..", "a."),
        *("", "-", "*.example.com", "exa mple.com", "a_b", f"{'a' * 64}.example"),
        *(f"{'a.' * 127}example", "%31%32%37.0.0.1", "127%2e0%2e0%2e1"),
        # characters that normalise into digits, dots and slashes
        *("\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "\u2460.example"),
        *("evil\u2044.example", "loc\u00adalhost", "ⓛocalhost"),
    ],
)
def test_a_host_is_refused_however_it_is_spelled(host):
    with pytest.raises(Refused):
        checked_url(f"http://{host}/x")


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "/x", "//example.com/x", "http:", "http://", "http:///x"),
        *("http:example.com", "ftp://example.com/", "file:///etc/passwd"),
        *("gopher://example.com/", "javascript:1", "ws://example.com/"),
        *("http://user@example.com/", "http://user:pw@example.com/"),
        *("http://:@example.com/"),
        *("http://example.com:8080/", "http://example.com:443/"),
        *("https://example.com:80/", "https://example.com:22/"),
        *("http://example.com:0/", "http://example.com:99999/", "http://[::1/"),
        *("http://example.com\\@127.0.0.1/", "http://exam\nple.com/"),
        *("http://127.0.0.1#@example.com/", "http://127.0.0.1?@example.com/"),
        *("http://example.com/\x00", "http://\ud800.example/"),
        "https://example.com/" + "x" * 8173,
    ],
)
def test_a_url_is_refused(url):
    with pytest.raises(Refused):
        checked_url(url)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://example.com", "example.com", None),
        ("HTTPS://EXAMPLE.com/a?b#c", "example.com", None),
        ("https://example.com:443/", "example.com", None),
        ("http://example.com.:80/", "example.com.", None),
        ("http://1.1.1.1/", "1.1.1.1", None),
        ("https://[2606:4700:4700::1111]/", "2606:4700:4700::1111", None),
        ("https://b\u00fccher.example/x", "xn--bcher-kva.example", None),
        ("https://my_bucket.s3.example/a%20b", "my_bucket.s3.example", None),
        ("https://example.com/" + "x" * 8172, "example.com", None),
    ],
)
def test_a_url_may_be_looked_up(url, host, port):
    found = checked_url(url)
    assert (found.raw_host.decode(), found.port) == (host, port)
