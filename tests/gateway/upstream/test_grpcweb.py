import base64

import pytest

from gateway.upstream import grpcweb
from gateway.upstream.grpcweb import BadFrame, read

TRAILER = b"grpc-status:0\r\n"
OK = b"\0\0\0\0\0" + b"\x80\0\0\0\x0f" + TRAILER


def trailer(text):
    return b"\x80" + len(text).to_bytes(4, "big") + text


def test_a_typical_success():
    assert read(OK, {}).http_status == 200
    assert read(OK, {}).messages == (b"",)


def test_text_replies_are_decoded():
    text = base64.b64encode(OK)
    assert read(text, {}).status == 0
    assert read(text, {"content-type": "application/grpc-web-text"}).status == 0


@pytest.mark.parametrize(
    ("status", "http"), [(4, 504), (7, 403), (8, 429), (14, 503), (16, 401), (13, 502)]
)
def test_a_failure_has_its_http_status(status, http):
    body = trailer(f"grpc-status: {status}\r\ngrpc-message: no%20way\r\n".encode())
    assert read(body, {}).http_status == http
    assert read(body, {}).message == "no way"
    assert read(b"", {"grpc-status": str(status)}).http_status == http


def test_no_status_at_all_is_a_success():
    assert read(b"", {}).http_status == 200
    assert read(trailer(b"grpc-status:x"), {}).status == grpcweb.UNKNOWN


def test_an_incomplete_last_frame_is_ignored():
    assert read(OK + b"\0\0\0\0\x09abc", {}).messages == (b"",)


def test_compressed_frames_are_refused():
    with pytest.raises(BadFrame):
        read(b"\x01\0\0\0\0", {})
