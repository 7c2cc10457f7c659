"""Headers, cookies and client hints of an upstream call."""

import pytest

from gateway.egress.bundles import Bundle
from gateway.upstream.channel import Hosts
from gateway.upstream.client_hints import client_hints
from gateway.upstream.cookies import (
    clean,
    clean_token,
    cloudflare_cookies,
    cookie_header,
)
from gateway.upstream.headers import (
    Login,
    constant_headers,
    dressed,
    json_headers,
    session_headers,
    upgrade_headers,
)
from tests.gateway.upstream.stand_in import Chosen

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 "
CHROME_MAC = MAC + "(KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36"
SAFARI_MAC = MAC + "(KHTML, like Gecko) Version/18.0 Safari/605.1.15"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/135.0.0.0 Safari/537.36 Edg/135.0.0.0"
)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/134.0.0.0 Mobile Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) CriOS/133.0.0.0 Mobile/15E148 Safari/604.1"
)


def sent(settings: Chosen, **more: str) -> dict[str, str]:
    signed = json_headers(Login("tok"), settings, **more)
    headers = Hosts(settings).base("/").opened(signed)
    return {name.decode(): value.decode("latin-1") for name, value in headers}


def test_a_chat_call_has_exactly_the_browsers_headers():
    headers = sent(Chosen(proxy__clearance__user_agent=CHROME_MAC), request_id="r-1")
    assert headers.pop("x-statsig-id")
    assert headers == {
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate, br, zstd",
        "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8",
        "Content-Type": "application/json",
        "Origin": "https://grok.com",
        "Referer": "https://grok.com/",
        "Priority": "u=1, i",
        "Sec-Fetch-Dest": "empty",
        "Sec-Fetch-Mode": "cors",
        "Sec-Fetch-Site": "same-origin",
        "User-Agent": CHROME_MAC,
        "Sec-Ch-Ua": (
            '"Google Chrome";v="146", "Chromium";v="146", "Not(A:Brand";v="24"'
        ),
        "Sec-Ch-Ua-Mobile": "?0",
        "Sec-Ch-Ua-Model": "",
        "Sec-Ch-Ua-Platform": '"macOS"',
        "Sec-Ch-Ua-Arch": "x86",
        "Sec-Ch-Ua-Bitness": "64",
        "x-xai-request-id": "r-1",
        "Cookie": "sso=tok; sso-rw=tok",
    }


def test_each_call_has_its_own_request_id():
    ids = {sent(Chosen())["x-xai-request-id"] for _ in range(5)}
    assert len(ids) == 5
    assert all(len(value) == 36 and value[14] == "4" for value in ids)


def test_pages_and_other_hosts_show_in_referer_and_site():
    assert sent(Chosen(), page="/imagine")["Referer"] == "https://grok.com/imagine"
    other = dict(
        constant_headers("https://accounts.x.ai", "https://grok.com/", "agent", "")
    )
    assert other[b"Sec-Fetch-Site"] == b"same-site"


def test_cloudflares_cookies_follow_the_login():
    settings = Chosen(
        proxy__clearance__cf_cookies="__cf_bm=b; sso=evil; cf_clearance=old",
        proxy__clearance__cf_clearance="new",
    )
    cookie = sent(settings)["Cookie"]
    assert cookie == "sso=tok; sso-rw=tok; __cf_bm=b; cf_clearance=new"


@pytest.mark.parametrize(
    ("cookies", "clearance", "expected"),
    [
        ("", "", ""),
        ("", "k", "cf_clearance=k"),
        ("", "cf_clearance=k; a=b", "cf_clearance=k"),
        ("__cf_bm=1", "k", "__cf_bm=1; cf_clearance=k"),
        ("CF_Clearance=1; _cfuvid=2", "", "cf_clearance=1; _cfuvid=2"),
        ("cf_chl_2=x; cf_chl_2=y; cf_chl_rc=z", "", "cf_chl_2=x; cf_chl_rc=z"),
        ("session=1; sso=t; x-userid=u; broken", "", ""),
        ("cf_clearance=a\r\nEvil: 1", "", "cf_clearance=aEvil: 1"),
        ("cf_clearance=" + "x" * 20_000, "", ""),
    ],
)
def test_only_cloudflares_cookies_are_passed(cookies, clearance, expected):
    assert cloudflare_cookies(cookies, clearance) == expected


@pytest.mark.parametrize(
    ("token", "bare"),
    [
        ("abc123", "abc123"),
        ("eyJ.a-b_c", "eyJ.a-b_c"),
        (" sso=abc; x-userid=u1", "abc"),
        ("ab\u2011c\u200b\n", "ab-c"),
        ("abc\u00e9\u4e2d", "abc"),
    ],
)
def test_a_token_is_bare_in_the_cookie(token, bare):
    assert clean_token(token) == bare
    assert cookie_header(token, "") == f"sso={bare}; sso-rw={bare}".encode()


def test_header_values_are_cleaned_to_latin_1():
    assert (
        clean(" a\u2013b\u00a0c\u201cd\u201d\ufeff\r\n\u4e2d\u00e9 ")
        == 'a-b c"d"\u00e9'
    )


@pytest.mark.parametrize(
    ("agent", "browser", "brand", "version", "platform", "mobile"),
    [
        (CHROME_MAC, "chrome", "Google Chrome", "146", '"macOS"', "?0"),
        (EDGE, "", "Microsoft Edge", "135", '"Windows"', "?0"),
        (ANDROID, "", "Google Chrome", "134", '"Android"', "?1"),
        (IPHONE, "", "Google Chrome", "133", '"iOS"', "?1"),
        (CHROME_MAC, "brave", "Brave", "146", '"macOS"', "?0"),
        ("curl-like", "chrome120", "Google Chrome", "120", None, "?0"),
    ],
)
def test_hints_agree_with_the_user_agent(
    agent, browser, brand, version, platform, mobile
):
    hints = dict(client_hints(agent, browser))
    assert hints["Sec-Ch-Ua"].startswith(f'"{brand}";v="{version}", "Chromium"')
    assert hints.get("Sec-Ch-Ua-Platform") == platform
    assert hints["Sec-Ch-Ua-Mobile"] == mobile


@pytest.mark.parametrize("agent", [FIREFOX, SAFARI_MAC, ""])
def test_other_engines_send_no_hints(agent):
    assert client_hints(agent, "chrome136" if agent else "") == []


def test_a_login_does_not_show_its_token():
    login = Login("secret", "u")
    assert "secret" not in repr(login)
    assert "secret" not in repr(json_headers(login, Chosen()))


def test_the_browser_of_a_clearance_sends_hints_only_where_the_call_has_them():
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36"
    bundle = Bundle("k", 1, "cf_clearance=x", agent)
    settings = Chosen()
    session = dressed(session_headers(Login("t"), "u", settings), bundle, settings)
    names = [name for name, _ in session.plain]
    assert dict(session.plain)[b"User-Agent"] == agent.encode()
    assert not [name for name in names if name.startswith(b"Sec-Ch-")]
    assert (session.user_id, session.cloudflare) == ("u", "cf_clearance=x")
    upgrade = dressed(upgrade_headers(Login("t"), settings), bundle, settings)
    assert b'v="142"' in dict(upgrade.plain)[b"Sec-Ch-Ua"]
