"""Files kept at upstream: listed, removed, read."""

import gzip
from collections.abc import Sequence

import httpx
import pytest

from gateway.errors import GatewayError, Kind, UpstreamFailure, UpstreamFault
from gateway.upstream import assets, pool
from gateway.upstream.assets import Asset
from gateway.upstream.headers import Login
from tests.gateway.upstream.stand_in import Chosen

LOGIN = Login("tok", "u1")
ASSETS = "https://assets.grok.com"
SETTINGS = Chosen(
    asset__list_timeout=60,
    asset__delete_timeout=60,
    asset__download_timeout=60,
    batch__asset_list_concurrency=50,
    batch__asset_delete_concurrency=50,
)


class Upstream:
    """Answers in turn; the last one again and again."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def urls(self) -> list[str]:
        return [str(request.url) for request in self.asked]


def page(*ids: str, **more: object) -> httpx.Response:
    return httpx.Response(200, json={"assets": [{"assetId": n} for n in ids], **more})


async def listed(upstream: Upstream) -> list[Asset]:
    with pool.carried_by(httpx.MockTransport(upstream)):
        return await assets.listed(LOGIN, SETTINGS)


async def removed(upstream: Upstream, asset_id: str = "a1") -> None:
    with pool.carried_by(httpx.MockTransport(upstream)):
        await assets.delete(LOGIN, asset_id, SETTINGS)


async def downloaded(
    upstream: Upstream, url_or_path: str, limit_bytes: int = 0
) -> tuple[str, bytes]:
    with pool.carried_by(httpx.MockTransport(upstream)):
        opening = assets.open_asset(LOGIN, url_or_path, SETTINGS, limit_bytes)
        async with opening as file:
            return file.media_type, b"".join([piece async for piece in file])


async def test_both_spellings_of_an_entry_are_read():
    entries = [
        {
            "assetId": "a1",
            "fileName": "image.jpg",
            "filePath": "users/u1/a1/content",
            "contentType": "image/jpeg",
            "fileSize": 20480,
            "createdAt": "2026-05-01T10:00:00Z",
        },
        {
            "id": "a2",
            "name": "b.png",
            "file_path": "users/u1/a2/content",
            "content_type": "image/png",
            "size": "7",
            "created_at": "2026-05-02T10:00:00Z",
        },
        {"assetId": "a3"},
        {"fileName": "no id"},
        "no entry",
    ]
    expected = [
        Asset(
            "a1",
            "image.jpg",
            "users/u1/a1/content",
            "image/jpeg",
            20480,
            "2026-05-01T10:00:00Z",
        ),
        Asset(
            "a2", "b.png", "users/u1/a2/content", "image/png", 7, "2026-05-02T10:00:00Z"
        ),
        Asset("a3", "", "", "", 0, ""),
    ]
    for name in ("assets", "items"):
        upstream = Upstream(httpx.Response(200, json={name: entries}))
        assert await listed(upstream) == expected
    (request,) = upstream.asked
    assert (request.method, str(request.url)) == ("GET", "https://grok.com/rest/assets")
    assert request.headers["referer"] == "https://grok.com/files"
    assert request.headers["cookie"] == "sso=tok; sso-rw=tok"


@pytest.mark.parametrize("name", ["cursor", "nextCursor", "nextPageToken"])
async def test_the_cursor_is_followed_to_the_end(name):
    upstream = Upstream(
        page("a", "b", **{name: "c/1"}), page("c", **{name: "c2"}), page("d")
    )
    assert [asset.id for asset in await listed(upstream)] == ["a", "b", "c", "d"]
    base = "https://grok.com/rest/assets"
    assert upstream.urls == [base, f"{base}?cursor=c%2F1", f"{base}?cursor=c2"]


async def test_a_cursor_that_leads_nowhere_new_is_left():
    upstream = Upstream(page("a", "b", cursor="same"))
    assert [asset.id for asset in await listed(upstream)] == ["a", "b"]
    assert len(upstream.asked) == 2


@pytest.mark.parametrize(
    "answers",
    [
        [httpx.Response(500)],
        [page("a", cursor="c"), httpx.Response(429)],
        [httpx.Response(200, content=b"[]")],
        [httpx.Response(200, content=b"<html>")],
        [httpx.Response(204)],
    ],
)
async def test_a_list_is_whole_or_fails(answers):
    with pytest.raises(UpstreamFailure) as caught:
        await listed(Upstream(*answers))
    assert not caught.value.sent


@pytest.mark.parametrize("status", [200, 204])
async def test_a_file_is_removed(status):
    upstream = Upstream(httpx.Response(status))
    await removed(upstream, "../a 1")
    (request,) = upstream.asked
    assert request.method == "DELETE"
    path = "/rest/assets-metadata/..%2Fa%201"
    assert request.url.raw_path.decode() == path
    assert request.headers["referer"] == "https://grok.com/files"


@pytest.mark.parametrize("status", [404, 500])
async def test_a_file_that_is_not_removed_is_a_failure(status):
    with pytest.raises(UpstreamFailure):
        await removed(Upstream(httpx.Response(status)))


async def test_a_dead_login_is_told():
    body = {"message": "[WKE=unauthenticated:bad-credentials]"}
    for ask in (listed, removed):
        with pytest.raises(UpstreamFailure) as caught:
            await ask(Upstream(httpx.Response(401, json=body)))
        assert caught.value.fault is UpstreamFault.CREDENTIAL


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("users/u1/generated/v/generated_video.mp4", "video/mp4,video/*,*/*;q=0.8"),
        (
            "/users/u1/generated/i/image.jpg",
            "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
        ),
        ("users/u1/f/content", "*/*"),
    ],
)
async def test_a_download_looks_like_a_visit(path, accept):
    head = {"Content-Type": "Image/JPEG; q=1"}
    upstream = Upstream(httpx.Response(200, content=b"bytes", headers=head))
    assert await downloaded(upstream, path) == ("image/jpeg", b"bytes")
    (request,) = upstream.asked
    assert str(request.url) == f"{ASSETS}/{path.lstrip('/')}"
    headers = request.headers
    assert headers["accept"] == accept
    assert headers["cookie"] == "sso=tok; sso-rw=tok"
    assert headers["referer"] == f"{ASSETS}/"
    assert headers["sec-fetch-dest"] == "document"
    assert headers["sec-fetch-mode"] == "navigate"
    assert headers["sec-fetch-site"] == "none"
    assert headers["sec-fetch-user"] == "?1"
    assert headers["upgrade-insecure-requests"] == "1"
    assert headers["priority"] == "u=0, i"
    assert "content-type" not in headers
    assert "origin" not in headers


FOREIGN: Sequence[str] = (
    "https://evil.example/a.jpg",
    "http://assets.grok.com/a.jpg",
    "https://assets.grok.com:444/a.jpg",
    "https://assets.grok.com@evil.example/a.jpg",
    "//evil.example/a.jpg",
    "https://grok.com/rest/assets",
)


@pytest.mark.parametrize("url", [u for u in FOREIGN if not u.startswith("//")])
async def test_nothing_is_asked_of_another_host(url):
    upstream = Upstream(httpx.Response(200))
    with pytest.raises(UpstreamFailure):
        await downloaded(upstream, url)
    assert upstream.asked == []


@pytest.mark.parametrize(
    "url", [*FOREIGN, "https://[broken/", "https://[::g]/", "ftp://x/y"]
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_host_is_not_followed(url, status):
    upstream = Upstream(httpx.Response(status, headers={"Location": url}))
    with pytest.raises(UpstreamFailure):
        await downloaded(upstream, "a.jpg")
    assert upstream.urls == [f"{ASSETS}/a.jpg"]


async def test_redirects_among_media_hosts_are_followed():
    there = "https://imagine-public.x.ai/b.jpg"
    upstream = Upstream(
        httpx.Response(302, headers={"Location": "/c.jpg"}),
        httpx.Response(302, headers={"Location": there}),
        httpx.Response(200, content=b"x"),
    )
    assert (await downloaded(upstream, "a.jpg"))[1] == b"x"
    assert upstream.urls == [f"{ASSETS}/a.jpg", f"{ASSETS}/c.jpg", there]
    assert upstream.asked[-1].headers["referer"] == "https://imagine-public.x.ai/"


async def test_redirects_have_an_end():
    upstream = Upstream(httpx.Response(302, headers={"Location": "/a.jpg"}))
    with pytest.raises(UpstreamFailure):
        await downloaded(upstream, "a.jpg")
    assert len(upstream.asked) == 4


@pytest.mark.parametrize("status", [204, 206, 403, 404, 500])
async def test_only_a_200_is_a_file(status):
    with pytest.raises(UpstreamFailure):
        await downloaded(Upstream(httpx.Response(status)), "a.jpg")


@pytest.mark.parametrize("packed", [False, True])
async def test_a_file_larger_than_wanted_is_cut(packed):
    content = gzip.compress(bytes(2000)) if packed else bytes(2000)
    head = {"Content-Encoding": "gzip"} if packed else {}
    upstream = Upstream(httpx.Response(200, content=content, headers=head))
    assert len((await downloaded(upstream, "a.jpg", 2000))[1]) == 2000
    with pytest.raises(GatewayError) as caught:
        await downloaded(upstream, "a.jpg", 1999)
    assert caught.value.kind is Kind.UPSTREAM_ERROR


@pytest.mark.parametrize(("path", "fits"), [("a.mp4", True), ("a.jpg", False)])
async def test_videos_may_be_larger_than_images(path, fits):
    head = {"Content-Length": str(100 * 1024 * 1024)}
    upstream = Upstream(httpx.Response(200, content=b"x", headers=head))
    if fits:
        assert (await downloaded(upstream, path))[1] == b"x"
    else:
        with pytest.raises(GatewayError, match="32 MiB"):
            await downloaded(upstream, path)
