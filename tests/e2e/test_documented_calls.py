"""The calls that users copy from documentation, word for word, by curl itself."""

import json
import os
import shutil
import subprocess

import pytest
from openai.types.chat import ChatCompletionChunk

from tests.e2e import told
from tests.e2e.gateway_process import eventually
from tests.e2e.test_answers import chunks_of, joined
from tests.media.samples import picture

MODELS = 'curl $BASE/v1/models -H "$H"'
CHAT = """curl $BASE/v1/chat/completions -H "$H" -H 'Content-Type: application/json' \
-d '{"model":"grok-4.20-auto","stream":true,"reasoning_effort":"high",\
"messages":[{"role":"user","content":"Good morning"}]}'"""
FILM = """curl $BASE/v1/chat/completions -H "$H" -H 'Content-Type: application/json' \
-d '{"model":"grok-imagine-video","stream":true,\
"messages":[{"role":"user","content":"rain on a neon street at night"}],\
"video_config":{"seconds":10,"size":"1792x1024","resolution_name":"720p",\
"preset":"normal"}}'"""
VIDEO = """curl $BASE/v1/videos -H "$H" -F model=grok-imagine-video \
-F "prompt=rain on a neon street" -F seconds=10 -F size=1792x1024 \
-F resolution_name=720p -F preset=normal -F "input_reference[]=@reference.png\""""
JOB = 'curl $BASE/v1/videos/{} -H "$H"'
CONTENT = 'curl -L $BASE/v1/videos/{}/content -H "$H" -o result.mp4'
UNSTREAMED = CHAT.replace('"stream":true,', "")


@pytest.fixture
def shell(gateway, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")

    def run(line):
        done = subprocess.run(
            ["bash", "-c", line],  # noqa: S607 - as the user's own shell finds it
            env={**os.environ, "BASE": gateway.url, "H": bearer(gateway)},
            capture_output=True,
            check=True,
            text=True,
            timeout=30,
            cwd=tmp_path,
        )
        return done.stdout

    return run


def bearer(gateway):
    return f"Authorization: Bearer {gateway.key}"


def test_the_models(shell):
    body = json.loads(shell(MODELS))
    assert body["object"] == "list"
    assert "grok-4.20-auto" in [model["id"] for model in body["data"]]


@pytest.mark.parametrize("line", [CHAT, UNSTREAMED])
def test_a_chat(shell, line):
    """Without `stream`, curl's `Accept` of everything means a stream as well."""
    chunks = chunks_of(shell(line))
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk, strict=True)
    assert joined(chunks)
    assert joined(chunks, "reasoning_content")
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


@told.only_older(told.FILMS)
def test_a_film_in_a_chat(shell):
    chunks = chunks_of(shell(FILM))
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk, strict=True)
    assert joined(chunks).endswith("/generated_video.mp4")
    assert joined(chunks, "reasoning_content").endswith(" 100%\n")
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


@told.only_older(told.FILMS)
def test_a_video_and_its_file(shell, tmp_path):
    (tmp_path / "reference.png").write_bytes(picture())
    made = json.loads(shell(VIDEO))
    assert (made["status"], made["seconds"]) == ("queued", "10")

    def done():
        return json.loads(shell(JOB.format(made["id"])))["status"] == "completed"

    assert eventually(done, 30)
    shell(CONTENT.format(made["id"]))
    assert (tmp_path / "result.mp4").read_bytes()[4:8] == b"ftyp"
