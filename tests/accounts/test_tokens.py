import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.tokens import TOKEN_MAX_BYTES, Credential, clean_tags, normalise

PIECES = st.sampled_from(
    ["sso=", "sso-rw=", ";", " ", '"', "=", "Cookie:", "x-userid=", "abc", "\u2014"]
)


@pytest.mark.parametrize(
    ("raw", "token", "user_id"),
    [
        ("eyJ.a-b_c", "eyJ.a-b_c", ""),
        ("  sso=AAA\r\n", "AAA", ""),
        ("sso=AAA; sso-rw=BBB", "AAA", ""),
        ("sso-rw=BBB; sso=AAA", "AAA", ""),
        ("SSO=AAA;X-UserId=u-1", "AAA", "u-1"),
        ("AAA; x-userid=0a-1", "AAA", "0a-1"),
        ("Cookie: cf_clearance=x; sso=AAA; Path=/; HttpOnly", "AAA", ""),
        ('sso="AAA"; x=1', "AAA", ""),
        ("a\u2010b\u2014c\u2212d", "a-b-c-d", ""),
        ("a\u00a0b\u200bc\ufeffd e", "abcde", ""),
        ("\u540dabc", "abc", ""),
        ("AAA==", "AAA==", ""),
        ("sso=AAA; x-userid=<bad>", "AAA", ""),
    ],
)
def test_it_finds_the_token(raw, token, user_id):
    assert normalise(raw) == Credential(token, user_id)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " \u200b\u00a0",
        ";",
        "sso=",
        "sso=; sso-rw=AAA",
        "sso-rw=AAA",
        "cf_clearance=AAA; x=1",
        "=AAA",
        "AAA,BBB",
        "AA\x00A",
        'A"A',
        "A\\A",
        "eyJabc\u2026wxyz",
        "********",
        "abc\ufffddef",
        "sso=sso=AAA",
        "Cookie:Cookie:AAA",
        "\u540d",
    ],
)
def test_it_refuses_what_is_no_token(raw):
    with pytest.raises(ValueError, match=r"\w") as caught:
        normalise(raw)
    assert "AAA" not in str(caught.value)


def test_it_takes_16_kib_and_not_more():
    assert len(normalise("a" * TOKEN_MAX_BYTES).token) == TOKEN_MAX_BYTES
    for length in (TOKEN_MAX_BYTES + 1, 10 * TOKEN_MAX_BYTES):
        with pytest.raises(ValueError, match="longer"):
            normalise("a" * length)


@given(st.text() | st.lists(PIECES | st.text(max_size=3)).map("".join))
def test_it_raises_nothing_else_and_is_stable(raw):
    try:
        credential = normalise(raw)
    except ValueError:
        return
    assert normalise(credential.token).token == credential.token
    assert credential.token.isascii()
    assert credential.token.isprintable()
    assert not set(credential.token) & set(' ;,"\\')


def test_a_credential_does_not_show_its_token():
    assert "AAA" not in repr(normalise("sso=AAA; x-userid=u1"))


def test_tags_are_trimmed_and_unique_in_order():
    assert clean_tags([" b ", "a", "", "b", "\0", "\0a"]) == ("b", "a")
