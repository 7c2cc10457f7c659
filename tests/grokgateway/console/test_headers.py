"""The headers of every page, and that no page needs what they forbid."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse

from grokgateway import config, csp

INLINE = re.compile(r"""<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=""")


def test_nothing_inline_and_nothing_foreign_is_allowed(client, db):
    answer = client.get("/admin/login")
    allowed = answer["Content-Security-Policy"]
    assert allowed.startswith("default-src 'self';")
    assert "unsafe" not in allowed
    assert "frame-ancestors 'none'" in allowed
    assert answer["Referrer-Policy"] == "same-origin"
    assert "microphone=()" in answer["Permissions-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_pictures_of_upstream_are_allowed_while_answers_link_them(client, db):
    def allowed(image):
        values = {"features.image_format": image, "features.video_format": "local_url"}
        with config.override({**values, "upstream.media_hosts": ["a.example"]}):
            return client.get("/admin/login")["Content-Security-Policy"]

    linked = allowed("grok_url")
    assert "img-src 'self' data: blob: https://assets.grok.com https://a." in linked
    assert "media-src 'self' blob: https://assets.grok.com https://a." in linked
    assert "http" not in allowed("local_url")


def test_a_page_may_name_more_origins():
    made = csp.policy(connections=["wss://voice.example"])
    assert "connect-src 'self' wss://voice.example" in made


def test_what_is_inline_is_found():
    for text in ('<p style="x">', "<style>", "<script>1", '<a onclick="x">'):
        assert INLINE.search(text)
    assert not INLINE.search('<script async src="/x.js"></script>')


@pytest.mark.parametrize("kind", ["changelist", "add"])
def test_no_page_of_a_model_holds_anything_inline(console, kind):
    for model in admin.site._registry:
        opts = model._meta
        address = reverse(f"admin:{opts.app_label}_{opts.model_name}_{kind}")
        page = console.get(address)
        if page.status_code == 200:
            found = INLINE.findall(page.content.decode())
            assert found == [], f"{address}: {found}"
