"""The official OpenAI SDK and curl's own requests film at a gateway."""

import io

import httpx
import openai
import pytest
from openai.types import Video
from PIL import Image

from tests.e2e import told
from tests.e2e.gateway_process import eventually

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
MODEL = "grok-imagine-video"
UNKNOWN = "video_" + "0" * 32


@pytest.fixture
def client(gateway):
    with openai.OpenAI(
        base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, timeout=60
    ) as client:
        yield client


def strictly(video):
    Video.model_validate(video.to_dict(), strict=True)
    return video


def reference(colour="red"):
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(buffer, "PNG")
    return f"{colour}.png", buffer.getvalue(), "image/png"


def finished(client, **wanted):
    made = client.videos.create_and_poll(model=MODEL, poll_interval_ms=200, **wanted)
    return strictly(made)


def test_a_job_from_its_start_to_its_end(client):
    job = strictly(client.videos.create(model=MODEL, prompt="rain at night"))
    assert (job.status, job.progress, job.seconds) == ("queued", 0, "6")

    def ended():
        found = strictly(client.videos.retrieve(job.id))
        return found if found.status == "completed" else None

    done = eventually(ended, 20)
    assert (done.progress, done.error) == (100, None)
    assert done.expires_at > done.completed_at

    data = client.videos.download_content(job.id).read()
    assert data[4:8] == b"ftyp"
    still = client.videos.download_content(job.id, variant="thumbnail").read()
    Image.open(io.BytesIO(still)).load()
    with pytest.raises(openai.BadRequestError):
        client.videos.download_content(job.id, variant="spritesheet")

    assert client.videos.delete(job.id).deleted is True
    for call in (
        client.videos.retrieve,
        client.videos.download_content,
        client.videos.delete,
    ):
        with pytest.raises(openai.NotFoundError) as caught:
            call(job.id)
        assert caught.value.code == "video_not_found"


@told.only_older(told.FILMS)
def test_polling_with_references_and_a_long_film(client, gateway):
    done = finished(
        client,
        prompt="waves, then wind",
        seconds="16",
        size="1280x720",
        input_reference=reference(),
        extra_body={"resolution_name": "480p"},
    )
    assert (done.status, done.seconds, done.size) == ("completed", "16", "1280x720")
    assert done.remixed_from_video_id
    data = client.videos.download_content(done.id).read()
    again = {**gateway.headers(), "Range": "bytes=100-199"}
    address = f"{gateway.url}/v1/videos/{done.id}/content"
    part = httpx.get(address, headers=again)
    assert (part.status_code, part.content) == (206, data[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(data)}"
    assert (
        part.headers["content-disposition"] == f'attachment; filename="{done.id}.mp4"'
    )
    beyond = {**gateway.headers(), "Range": "bytes=999999999-"}
    answer = httpx.get(address, headers=beyond)
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(data)}"
    head = httpx.head(address, headers=gateway.headers())
    assert head.headers["content-length"] == str(len(data))
    assert httpx.get(address).status_code == 401


def test_the_list_goes_on_page_by_page(client):
    made = [client.videos.create(prompt=f"page {n}").id for n in range(3)]
    newest = [one.id for one in client.videos.list(limit=2)]
    assert newest[:3] == made[::-1]
    page = client.videos.list(limit=1, after=made[2])
    assert ([one.id for one in page.data], page.has_more) == ([made[1]], True)
    oldest = client.videos.list(order="asc", after=made[0], limit=2)
    assert [one.id for one in oldest.data] == made[1:]


def test_a_withheld_film_fails_with_its_code(client):
    failed = finished(client, prompt="a kite [[moderated]]")
    assert failed.status == "failed"
    assert failed.error.code == "content_policy_violation"
    with pytest.raises(openai.BadRequestError) as caught:
        client.videos.download_content(failed.id)
    assert caught.value.code == "content_policy_violation"


def test_one_clip_for_two_prompts_is_not_handed_out(client):
    assert finished(client, prompt="a fox [[stock]]").status == "completed"
    failed = finished(client, prompt="an owl [[stock]]")
    assert (failed.status, failed.error.code) == ("failed", "repeated_result")


def test_what_is_not_ready_and_what_is_not_there(client):
    job = client.videos.create(prompt="slow [[first_ms=3000]]")
    with pytest.raises(openai.ConflictError) as caught:
        client.videos.download_content(job.id)
    assert caught.value.code == "video_not_ready"
    assert caught.value.response.headers["x-should-retry"] == "false"
    client.videos.delete(job.id)
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(UNKNOWN)
    with pytest.raises(openai.BadRequestError):
        client.videos.retrieve("nothing")
    with pytest.raises(openai.NotFoundError) as missing:
        client.videos.remix(UNKNOWN, prompt="more")
    assert missing.value.code == "unknown_url"


def test_one_key_makes_one_job(client):
    def create(prompt):
        headers = {"Idempotency-Key": "once and no more"}
        return client.videos.create(prompt=prompt, extra_headers=headers)

    assert create("one").id == create("one").id
    with pytest.raises(openai.ConflictError) as caught:
        create("another")
    assert caught.value.code == "idempotency_conflict"


@pytest.mark.parametrize("seconds", ["7", "x"])
def test_nothing_is_made_of_a_bad_request(client, seconds):
    with pytest.raises(openai.BadRequestError) as caught:
        client.videos.create(prompt="x", seconds=seconds)
    assert caught.value.param == "seconds"


def test_a_film_in_a_chat_is_kept_and_shown_in_a_player(launch):
    accounts = {"super": ["sandbox-super-player"]}
    with launch(accounts, GROK_FEATURES_VIDEO_FORMAT="local_html") as gateway:
        with openai.OpenAI(
            base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0
        ) as client:
            assert MODEL in [model.id for model in client.models.list()]
            answer = client.chat.completions.create(
                model=MODEL,
                messages=[{"role": "user", "content": "rain on a tin roof"}],
                extra_body={"video_config": {"seconds": 12}},
            )
            shown = answer.choices[0].message.content or ""
            address = shown.removeprefix('<video controls src="').partition('"')[0]
            assert shown == f'<video controls src="{address}"></video>'
            assert address.startswith(f"{gateway.url}/v1/files/video?id=")
            part = httpx.get(address, headers={"Range": "bytes=4-7"})
            assert (part.status_code, part.content) == (206, b"ftyp")
            beyond = httpx.get(address, headers={"Range": "bytes=999999999-"})
            assert beyond.status_code == 416
            with pytest.raises(openai.BadRequestError) as caught:
                client.responses.create(model=MODEL, input="rain")
            assert caught.value.code == "unsupported_model"
