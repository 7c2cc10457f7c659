import json

import pytest

from gateway.bench import dialects, targets
from gateway.bench.connection import Reply
from gateway.bench.targets import Unusable


def made(url, key="sk-1"):
    return targets.target("theirs", url, "m", key)


@pytest.mark.parametrize(
    ("url", "path", "authority"),
    [
        ("http://127.0.0.1:8000", "/v1/chat/completions", "127.0.0.1:8000"),
        ("http://127.0.0.1:8000/v1/", "/v1/chat/completions", "127.0.0.1:8000"),
        ("https://a.example/api/v1", "/api/v1/chat/completions", "a.example"),
        ("https://a.example:444/api", "/api/v1/chat/completions", "a.example:444"),
        ("http://[::1]:90", "/v1/chat/completions", "[::1]:90"),
    ],
)
def test_addresses_with_and_without_the_version(url, path, authority):
    found = made(url)
    assert (found.path, found.authority) == (path, authority)
    assert found.tls is url.startswith("https")


@pytest.mark.parametrize(
    "url", ["a.example", "ftp://a.example", "http://", "http://a:b", "http://k:x@a/v1"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(Unusable, match=r"^theirs: "):
        made(url)


def test_a_request_carries_key_model_and_prompt():
    head, _, body = (
        made("http://a/v1").request("hi", stream=True).partition(b"\r\n\r\n")
    )
    assert b"Authorization: Bearer sk-1\r\n" in head + b"\r\n"
    assert json.loads(body)["model"] == "m"
    assert json.loads(body)["stream"] is True
    assert b"Authorization" not in made("http://a", "").request("hi", stream=False)


def test_a_key_cannot_add_headers():
    with pytest.raises(Unusable, match="line break"):
        made("http://a/v1", "sk\r\nX-Other: 1")


def test_a_refusal_never_shows_the_key():
    theirs = made("http://a/v1", "sk-secret")
    for told in ("401 b'wrong key sk-secret'", "500 b'sk-secret'", "404 b'sk-secret'"):
        said = targets.refusal(theirs, told, "BENCH_THEIR_KEY")
        assert "sk-secret" not in said
    assert "BENCH_THEIR_KEY" in targets.refusal(theirs, "401 b''", "BENCH_THEIR_KEY")


def reply(body):
    found = Reply(0.0, True, dialects.ALL["chat"].marker, False)
    found.raw = [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body]
    return found


def chunk(content):
    return json.dumps({"choices": [{"delta": {"content": content}}]}).encode()


def test_words_of_streams_of_any_make():
    usage = b'data: {"choices": [], "usage": {"completion_tokens": 9}}'
    lines = [
        b": ping",
        b"",
        b"data:" + chunk("one tw"),
        b"",
        b"data: " + chunk("o three"),
    ]
    body = b"\r\n".join([*lines, b"", usage, b"", b"data: [DONE]", b"", b""])
    assert targets.words_in(reply(body), stream=True) == 3


@pytest.mark.parametrize(
    ("body", "stream"),
    [
        (b"data: " + chunk("cut") + b"\n\n", True),
        (b'data: {"error": {"message": "x"}}\n\ndata: [DONE]\n\n', True),
        (b"data: [DONE]\n\n", True),
        (b"", True),
        (b"<html>", False),
        (b'{"error": {}}', False),
        (b'{"choices": [{"message": {"content": " "}}]}', False),
    ],
)
def test_what_is_no_good_answer_does_not_count(body, stream):
    with pytest.raises(ValueError, match=r".+"):
        targets.words_in(reply(body), stream=stream)
