"""What a request for pictures may hold, and how pictures are handed over."""

from base64 import b64decode

import orjson
import pytest
from openai.types import (
    ImageEditCompletedEvent,
    ImageEditPartialImageEvent,
    ImageGenCompletedEvent,
    ImageGenPartialImageEvent,
    ImagesResponse,
)

from gateway.conversation.drawing import Drawing
from gateway.conversation.events import (
    Finished,
    FinishReason,
    MediaPreview,
    MediaProgress,
    MediaReady,
    TextDelta,
    Usage,
)
from gateway.conversation.fold import Completion
from gateway.conversation.requests import Attachment, Text
from gateway.errors import GatewayError, Kind
from gateway.protocols import openai_images
from gateway.protocols import openai_images_request as requests
from gateway.protocols.base import Stamp

LITE = requests.generation_limits("grok-imagine-image-lite", lite=True)
FULL = requests.generation_limits("grok-imagine-image", lite=False)
EDIT = requests.edit_limits("grok-imagine-image-edit")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
JPEG = b"\xff\xd8\xff" + bytes(13)
URI = "data:image/png;base64,aGk="
STAMP = Stamp("img_1", 1795300000, "grok-imagine-image")
END = Finished(FinishReason.STOP, Usage(12, 0, 0))


def parse(limits=FULL, **members):
    body = {"model": limits.model, "prompt": "a lighthouse", **members}
    return openai_images.parse(openai_images.Request(**body), limits)


def edit(*files, **members):
    return requests.parse_edit({"prompt": "sharper", **members}, files, EDIT)


def refusal(call, *args, **members):
    with pytest.raises(GatewayError) as caught:
        call(*args, **members)
    return caught.value.kind, caught.value.param


def test_what_is_left_out():
    order = parse()
    assert order.drawing == Drawing(1, "1024x1024", "1:1", inline=False, linked=True)
    assert order.conversation.messages[0].parts == (Text("a lighthouse"),)
    assert order.conversation.options.stream is False


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ("1280x720", "16:9"),
        ("720x1280", "9:16"),
        ("1792x1024", "3:2"),
        ("1024x1792", "2:3"),
        ("1024x1024", "1:1"),
        ("1536x1024", "3:2"),
        ("1024x1536", "2:3"),
        ("auto", "1:1"),
        ("3:2", "3:2"),
        ("9:16", "9:16"),
    ],
)
def test_sizes(size, ratio):
    assert parse(size=size).drawing.ratio == ratio


@pytest.mark.parametrize(
    ("members", "kind", "param"),
    [
        ({"n": 11}, Kind.INVALID_VALUE, "n"),
        ({"n": 0}, Kind.INVALID_VALUE, "n"),
        ({"prompt": "  "}, Kind.MISSING, "prompt"),
        ({"size": "1000x1000"}, Kind.INVALID_VALUE, "size"),
        ({"response_format": "png"}, Kind.INVALID_VALUE, "response_format"),
        ({"stream": True, "n": 2}, Kind.INVALID_VALUE, "n"),
        ({"partial_images": 1}, Kind.INVALID_VALUE, "partial_images"),
        ({"stream": True, "partial_images": 4}, Kind.INVALID_VALUE, "partial_images"),
    ],
)
def test_what_no_model_does(members, kind, param):
    assert refusal(parse, **members) == (kind, param)


def test_n_has_the_limit_of_its_model():
    assert parse(n=10).drawing.n == 10
    assert parse(LITE, n=4).drawing.n == 4
    assert refusal(parse, LITE, n=5) == (Kind.INVALID_VALUE, "n")
    assert edit(URI_FILE, n="2").drawing.n == 2
    assert refusal(edit, URI_FILE, n="3") == (Kind.INVALID_VALUE, "n")


def test_chat_names_its_own_place():
    def read(body):
        return requests.read_drawing(body, LITE, "image_config.")

    assert read({"n": 2}).n == 2
    assert refusal(read, {"n": 5}) == (Kind.INVALID_VALUE, "image_config.n")
    assert refusal(read, {"n": "x"}) == (Kind.INVALID_TYPE, "image_config.n")
    assert refusal(read, {"size": 1}) == (Kind.INVALID_TYPE, "image_config.size")


def test_a_stream_has_the_bytes_and_an_address_only_if_asked():
    assert parse(stream=True).drawing.inline
    assert not parse(stream=True).drawing.linked
    assert parse(stream=True, response_format="url").drawing.linked
    assert parse(stream=True, partial_images=3).drawing.previews == 3
    assert parse(response_format="b64_json").drawing.inline


URI_FILE = Attachment(URI, "image", "a.png", "image")


def sources(order):
    return [part.source for part in order.conversation.messages[0].parts[1:]]


def test_edits_take_files_and_addresses_in_every_form():
    url = "https://pictures.example/a.png"
    assert sources(edit(URI_FILE)) == [URI]
    assert sources(edit(image=url)) == [url]
    assert sources(edit(image={"url": url})) == [url]
    assert sources(edit(image={"image_url": {"url": url}})) == [url]
    assert sources(edit(images=[{"image_url": URI}, url])) == [URI, url]


@pytest.mark.parametrize(
    ("members", "kind", "param"),
    [
        ({}, Kind.MISSING, "image"),
        ({"mask": "x", "image": URI}, Kind.UNSUPPORTED, "mask"),
        ({"prompt": "", "image": URI}, Kind.MISSING, "prompt"),
        ({"image": "nonsense"}, Kind.INVALID_ATTACHMENT, "image"),
        ({"image": {"file_id": "file_1"}}, Kind.UNSUPPORTED, "image.file_id"),
        ({"images": [{}]}, Kind.MISSING, "images.0.image_url"),
        ({"image": 3}, Kind.INVALID_TYPE, "image"),
        ({"image": URI, "size": "1280x720"}, Kind.INVALID_VALUE, "size"),
        ({"image": URI, "n": "two"}, Kind.INVALID_TYPE, "n"),
        ({"image": URI, "stream": "maybe"}, Kind.INVALID_TYPE, "stream"),
        ({"images": [URI] * 17}, Kind.INVALID_VALUE, "image"),
    ],
)
def test_what_no_edit_does(members, kind, param):
    assert refusal(edit, **members) == (kind, param)


def test_only_the_first_images_are_used():
    many = edit(images=[f"{URI}{index}" for index in range(16)])
    assert many.truncated
    assert sources(many) == [f"{URI}{index}" for index in range(5)]
    assert not edit(images=[URI] * 5).truncated


def test_a_form_says_everything_in_text():
    order = edit(URI_FILE, stream="true", partial_images="2", mask="", size="auto")
    assert order.conversation.options.stream
    assert (order.drawing.previews, order.drawing.size) == (2, "auto")


def test_the_model_is_required_of_a_form():
    assert requests.read_model({"model": "x"}) == "x"
    assert refusal(requests.read_model, {}) == (Kind.MISSING, "model")


def folded(*events):
    completion = Completion()
    completion.add(events)
    return completion


def test_replies_parse_as_the_clients_own_type():
    made = (MediaReady("http://h/1", "1", data=PNG), MediaReady("http://h/2", "2"), END)
    body = openai_images.reply(STAMP, folded(*made), inline=False)
    assert ImagesResponse.model_validate(body, strict=True)
    assert [one["url"] for one in body["data"]] == ["http://h/1", "http://h/2"]
    assert body["usage"]["input_tokens_details"]["text_tokens"] == 12

    body = openai_images.reply(STAMP, folded(made[0], END), inline=True)
    assert ImagesResponse.model_validate(body, strict=True)
    assert b64decode(body["data"][0]["b64_json"]) == PNG


def test_an_answer_without_pictures_is_none():
    with pytest.raises(ValueError, match="without pictures"):
        openai_images.reply(STAMP, folded(END), inline=False)
    encoder = openai_images.Encoder(STAMP, Drawing(), edit=False)
    with pytest.raises(ValueError, match="without a picture"):
        encoder.feed([END])


def streamed(drawing, *, edit):
    encoder = openai_images.Encoder(STAMP, drawing, edit=edit)
    preview = MediaPreview("1", JPEG)
    said = encoder.opening() + encoder.feed(
        [MediaProgress("1", 10), TextDelta("x"), preview, preview]
    )
    said += encoder.feed([MediaReady("http://h/1", "1", data=PNG)])
    said += encoder.feed([END])
    frames = []
    for frame in said.decode().split("\n\n")[:-1]:
        name, data = frame.split("\n")
        payload = orjson.loads(data.removeprefix("data: "))
        assert name == f"event: {payload['type']}"
        frames.append(payload)
    return frames


def test_streams_parse_as_the_clients_own_types():
    first, last = streamed(Drawing(previews=1, linked=False), edit=False)
    assert ImageGenPartialImageEvent.model_validate(first)
    assert ImageGenCompletedEvent.model_validate(last)
    assert (first["type"], first["output_format"]) == (
        "image_generation.partial_image",
        "jpeg",
    )
    assert b64decode(last["b64_json"]) == PNG
    assert (last["output_format"], "url" in last) == ("png", False)

    first, second, last = streamed(Drawing(previews=3), edit=True)
    assert ImageEditPartialImageEvent.model_validate(second)
    assert ImageEditCompletedEvent.model_validate(last)
    assert [first["partial_image_index"], second["partial_image_index"]] == [0, 1]
    assert last["url"] == "http://h/1"


def test_failures_in_a_stream_have_no_closing_frame():
    encoder = openai_images.Encoder(STAMP, Drawing(), edit=False)
    said = encoder.failure(GatewayError(Kind.CONTENT_POLICY, "No."))
    assert said.startswith(b'data: {"error":')
    assert b"[DONE]" not in said
    assert encoder.keep_alive().startswith(b":")
