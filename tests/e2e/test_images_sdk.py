"""The official OpenAI SDK and curl's own requests draw pictures at a gateway."""

import io
from base64 import b64decode

import httpx
import openai
import pytest
from openai.types import ImagesResponse
from PIL import Image

LITE, FULL, PRO, EDIT = (
    "grok-imagine-image-lite",
    "grok-imagine-image",
    "grok-imagine-image-pro",
    "grok-imagine-image-edit",
)


@pytest.fixture
def client(gateway):
    with openai.OpenAI(
        base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, timeout=60
    ) as client:
        yield client


def opened(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def strictly(answer):
    ImagesResponse.model_validate(answer.to_dict(), strict=True)
    return answer.data


def source(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(buffer, "PNG")
    return f"{colour}.png", buffer.getvalue()


@pytest.mark.parametrize("model", [LITE, FULL, PRO])
def test_links_open_without_a_key_and_in_ranges(client, gateway, model):
    answer = client.images.generate(model=model, prompt=f"a lighthouse by {model}", n=2)
    urls = [one.url for one in strictly(answer)]
    assert len(set(urls)) == 2
    assert answer.usage.output_tokens == 0
    for url in urls:
        assert url.startswith(f"{gateway.url}/v1/files/image?id=")
        whole = httpx.get(url)
        opened(whole.content)
        part = httpx.get(url, headers={"Range": "bytes=2-5"})
        assert (part.status_code, part.content) == (206, whole.content[2:6])
        assert httpx.get(url, headers={"Range": "bytes=99999999-"}).status_code == 416


@pytest.mark.parametrize("model", [LITE, FULL])
def test_bytes(client, model):
    answer = client.images.generate(
        model=model, prompt=f"bytes of {model}", response_format="b64_json"
    )
    [picture] = strictly(answer)
    opened(b64decode(picture.b64_json))


def test_a_stream_ends_with_the_picture(client):
    events = list(
        client.images.generate(
            model=FULL, prompt="fog rising", stream=True, partial_images=2
        )
    )
    kinds = [event.type for event in events]
    assert kinds[-1] == "image_generation.completed"
    assert set(kinds[:-1]) <= {"image_generation.partial_image"}
    opened(b64decode(events[-1].b64_json))


def test_edits_of_a_file_and_of_a_list(client):
    [one] = strictly(
        client.images.edit(model=EDIT, prompt="sharper", image=source("red"))
    )
    assert "/v1/files/image?id=" in one.url
    both = client.images.edit(
        model=EDIT,
        prompt="put @IMAGE1 beside @IMAGE2",
        image=[source("green"), source("blue")],
        n=2,
        response_format="b64_json",
    )
    for picture in strictly(both):
        opened(b64decode(picture.b64_json))


def test_masks_are_refused(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.edit(
            model=EDIT, prompt="x", image=source("red"), mask=source("blue")
        )
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "mask")


def test_the_documented_requests_word_for_word(gateway):
    body = {
        "model": "grok-imagine-image",
        "stream": True,
        "messages": [{"role": "user", "content": "a lighthouse in fog"}],
        "image_config": {"n": 2, "size": "1024x1024", "response_format": "url"},
    }
    with httpx.Client(headers=gateway.headers(), timeout=60) as web:
        answer = web.post(f"{gateway.url}/v1/chat/completions", json=body)
        assert answer.text.count("![image](") == 2
        assert "reasoning_content" in answer.text
        assert answer.text.endswith("data: [DONE]\n\n")

        body = {
            "model": "grok-imagine-image",
            "prompt": "a lighthouse in mist",
            "n": 1,
            "size": "1792x1024",
            "response_format": "url",
        }
        answer = web.post(f"{gateway.url}/v1/images/generations", json=body)
        opened(httpx.get(answer.json()["data"][0]["url"]).content)

        form = {
            "model": "grok-imagine-image-edit",
            "prompt": "make it sharper still",
            "n": "1",
            "size": "1024x1024",
            "response_format": "url",
        }
        files = {"image[]": source("yellow")}
        answer = web.post(f"{gateway.url}/v1/images/edits", data=form, files=files)
        opened(httpx.get(answer.json()["data"][0]["url"]).content)


@pytest.mark.parametrize("model", [LITE, FULL])
def test_withheld_pictures(client, model):
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(model=model, prompt="a kite [[moderated]]")
    assert caught.value.code == "content_policy_violation"
    answer = client.images.generate(model=FULL, prompt="a kite [[moderated=1]]", n=4)
    assert 1 <= len(strictly(answer)) <= 4


def test_a_stock_picture_is_refused_in_every_form(client):
    prompts = (
        f"a {animal} [[stock]]" for animal in ("fox", "owl", "hen", "elk", "cow")
    )
    client.images.generate(model=FULL, prompt=next(prompts), response_format="b64_json")
    forms = (
        {"response_format": "b64_json"},
        {"response_format": "url"},
        {"stream": True},
    )
    for form in forms:
        with pytest.raises(openai.InternalServerError) as caught:
            list(client.images.generate(model=FULL, prompt=next(prompts), **form))
        assert (caught.value.status_code, caught.value.code) == (502, "repeated_result")
        assert caught.value.response.headers["x-should-retry"] == "false"
    message = {"role": "user", "content": next(prompts)}
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model=FULL, messages=[message])
    assert caught.value.code == "repeated_result"
