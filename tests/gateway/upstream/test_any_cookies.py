"""Cookies as people paste them: whatever it is, what leaves is a sound header."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.exits import manual
from gateway.upstream import cookies

PIECES = st.sampled_from(
    [
        *(
            "sso",
            "sso-rw",
            "cf_clearance",
            "__cf_bm",
            "_cfuvid",
            "cf_chl_rc",
            "CF_CLEARANCE",
        ),
        *(
            "=",
            ";",
            "; ",
            " ",
            ",",
            "\r\n",
            "\t",
            "\0",
            '"',
            "é",
            "–",
            "\u200b",
            "x-userid",
        ),
        *("Set-Cookie: ", "\ud800", "a" * 9000),
    ]
)
TEXTS = st.text() | st.lists(PIECES | st.text(max_size=3)).map("".join)


def is_header(data: bytes) -> bool:
    return not any(byte < 0x20 or byte == 0x7F for byte in data)


@given(TEXTS, TEXTS)
def test_only_cloudflares_cookies_remain_each_once(text, clearance):
    found = cookies.cloudflare_cookies(text, clearance)
    assert is_header(found.encode("latin-1"))
    assert len(found) <= cookies.MAX_BYTES
    names = [pair.partition("=")[0] for pair in found.split("; ")] if found else []
    assert len(names) == len(set(names))
    assert all(
        name in cookies.CLOUDFLARE_NAMES or name.startswith(cookies.CLOUDFLARE_PREFIX)
        for name in names
    )
    assert cookies.cloudflare_cookies(found, "") == found


@given(TEXTS, TEXTS)
def test_a_login_cannot_bring_other_cookies_with_it(token, text):
    bare = cookies.clean_token(token)
    assert cookies.clean_token(bare) == bare
    header = cookies.cookie_header(token, cookies.cloudflare_cookies(text, ""))
    assert is_header(header)
    names = [pair.partition(b"=")[0] for pair in header.split(b"; ") if pair]
    assert names[:2] == ([b"sso", b"sso-rw"] if bare else names[:2])
    assert names.count(b"sso") == names.count(b"sso-rw") == bool(bare)


@given(TEXTS)
def test_cookies_of_a_node_are_read_or_refused(text):
    try:
        found = manual.read(text)
    except manual.BadCookies:
        return
    assert found
    assert "sso=" not in found
    assert manual.read(found) == found
