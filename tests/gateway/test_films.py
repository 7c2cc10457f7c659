"""Films through chat: accounts, segments, progress, failures, what is spent."""

from base64 import b64encode

import httpx
import orjson
import pytest

from gateway.entry import Entry
from gateway.upstream import pool
from gateway.upstream.media_posts import PATH as POSTS
from grokgateway import config
from tests.gateway.asgi import envelope, post
from tests.gateway.ground import END, Stream, frame
from tests.gateway.test_pictures import deltas
from tests.media.samples import picture

MODEL = "grok-imagine-video"
FILM = "https://assets.grok.com/users/u/v{}.mp4"
STRANGE = {"host": "elsewhere.example"}
PNG = picture(colour=9)


def progress(percent, **more):
    told = {"videoPostId": "vp", "progress": percent, **more}
    return frame(streamingVideoGenerationResponse=told)


def finished(number=1, **more):
    return progress(100, videoUrl=f"users/u/v{number}.mp4", **more)


class Web:
    """Upstream: chats in the order of `chats`; posts and uploads as they come."""

    def __init__(self):
        self.chats, self.asked, self.bodies, self.cookies = [], [], [], []

    async def __call__(self, request):
        path = request.url.path
        self.asked.append(path)
        if path.endswith("upload-file"):
            return httpx.Response(200, json={"fileMetadataId": "f1", "fileUri": "f/1"})
        if path == POSTS:
            return httpx.Response(200, json={"post": {"id": f"p{len(self.asked)}"}})
        self.bodies.append(orjson.loads(request.content))
        cookie = request.headers["cookie"]
        self.cookies.append(cookie.partition("sso=")[2].partition(";")[0])
        reply = self.chats.pop(0)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, int):
            return httpx.Response(reply, content=b"{}")
        return httpx.Response(200, stream=Stream(*reply, END))

    @property
    def configs(self):
        path = ("responseMetadata", "modelConfigOverride", "modelMap")
        found = []
        for body in self.bodies:
            for name in path:
                body = body[name]
            found.append(body["videoGenModelConfig"])
        return found


@pytest.fixture
def web(stage):
    made = Web()
    stage.add("a", "b")
    with pool.carried_by(httpx.MockTransport(made)):
        yield made


async def chat(content="rain", *, stream=True, **members):
    message = {"role": "user", "content": content}
    body = {"model": MODEL, "messages": [message], "stream": stream, **members}
    return await post(body, headers=STRANGE).through(Entry())


def left(stage):
    entries = [stage.accounts.entry(number) for number in (1, 2)]
    windows = [window.row() for entry in entries for window in entry.windows]
    return sum(one.remaining for one in windows if one.mode == "auto")


async def test_a_chat_tells_progress_and_gives_the_address(web, stage):
    web.chats = [[progress(1), progress(42), finished()]]
    before = left(stage)
    exchange = await chat()
    assert deltas(exchange, "reasoning_content") == [
        f"\u89c6\u9891\u6b63\u5728\u751f\u6210 {percent}%\n" for percent in (1, 42, 100)
    ]
    assert deltas(exchange, "content") == [FILM.format(1)]
    assert exchange.content.endswith(b"data: [DONE]\n\n")
    assert before - left(stage) == 1


async def test_a_whole_answer(web):
    web.chats = [[progress(50), finished()]]
    with config.override({"features.video_format": "grok_html"}):
        exchange = await chat(stream=False, video_config={"preset": "fun"})
    message = exchange.json["choices"][0]["message"]
    shown = f'<video controls src="{FILM.format(1)}"></video>'
    assert message["content"] == shown
    assert message["reasoning_content"].count("\n") == 1
    assert exchange.json["usage"]["completion_tokens"] > 0
    assert web.bodies[0]["message"] == "rain --mode=extremely-crazy"


async def test_a_chat_may_wish_no_progress(web):
    web.chats = [[progress(50), finished()]]
    exchange = await chat(reasoning_effort="none")
    assert deltas(exchange, "reasoning_content") == []


async def test_a_long_film_is_made_of_segments_that_are_paid_one_by_one(web, stage):
    web.chats = [[progress(50), finished(1)], [progress(50), finished(2)]]
    before = left(stage)
    config_ = {"seconds": 16, "size": "1792x1024", "resolution_name": "480p"}
    exchange = await chat(video_config=config_)
    lines = deltas(exchange, "reasoning_content")
    percents = [int(one.partition(" ")[2].partition("%")[0]) for one in lines]
    assert percents == [25, 50, 75, 100]
    assert deltas(exchange, "content") == [FILM.format(2)]
    first, second = web.configs
    assert (first["videoLength"], first["aspectRatio"]) == (10, "16:9")
    assert second["videoExtensionStartTime"] == 10.041667
    assert (second["extendPostId"], second["videoLength"]) == ("vp", 6)
    assert set(web.cookies) == {web.cookies[0]}
    assert before - left(stage) == 2


async def test_references_are_those_of_the_last_words(web):
    web.chats = [[finished()]]
    source = {"type": "image_url", "image_url": {"url": uri(PNG)}}
    blocks = [{"type": "text", "text": "move"}, *[source] * 9]
    assert (await chat(blocks)).status == 200
    assert len(web.configs[0]["imageReferences"]) == 7
    assert web.configs[0]["isReferenceToVideo"] is True


def uri(data):
    return f"data:image/png;base64,{b64encode(data).decode()}"


@pytest.mark.parametrize("refusal", [429, httpx.ConnectError("no")])
async def test_another_account_is_asked_where_upstream_began_nothing(web, refusal):
    web.chats = [refusal, [finished()]]
    assert (await chat()).status == 200
    assert sorted(web.cookies) == ["a", "b"]


@pytest.mark.parametrize(
    "chats",
    [
        [503],
        [[progress(10), httpx.ReadError("cut")]],
        [[progress(10)]],
        [[finished(1)], 429],
    ],
)
async def test_what_may_have_been_filmed_is_not_filmed_again(web, chats):
    web.chats = [*chats, [finished()]]
    exchange = await chat(stream=False, video_config={"seconds": 12})
    assert exchange.status >= 429
    assert len(web.cookies) == len(chats)


async def test_a_withheld_film(web):
    web.chats = [[progress(60), progress(100, moderated=True)]]
    assert envelope(await chat(stream=False)) == (400, "content_policy_violation")


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"video_config": {"seconds": 7}}, "video_config.seconds"),
        ({"video_config": {"size": "1x1"}}, "video_config.size"),
        ({"video_config": {"preset": "x"}}, "video_config.preset"),
        (
            {"video_config": {"resolution_name": "1080p"}},
            "video_config.resolution_name",
        ),
        ({"video_config": 3}, "video_config"),
        ({"content": [{"type": "image_url", "image_url": uri(PNG)}]}, "messages"),
    ],
)
async def test_nothing_is_spent_on_a_bad_request(web, members, param):
    exchange = await chat(stream=False, **members)
    assert (exchange.status, exchange.json["error"]["param"]) == (400, param)
    assert web.asked == []


async def test_upstreams_later_form_films_in_one_call_or_not_at_all(web):
    with config.override({"upstream.video_protocol": "v3"}):
        web.chats = [[finished()]]
        assert (await chat(video_config={"seconds": 12})).status == 200
        film = web.bodies[0]["mediaGenInput"]["textToVideo"]
        assert film["duration"] == 12
        for refused in ({"seconds": 16}, {"preset": "fun"}):
            exchange = await chat(stream=False, video_config=refused)
            assert envelope(exchange) == (400, "unsupported_parameter")
    assert len(web.asked) == 1
