"""The chat page as it is served: what its scripts need is there."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.house import ROOT
from webui.modules import brought_by
from webui.views import CHAT
from webui.words import chat

SCRIPTS = ROOT / "static/js/webui/chat"
NAMED = re.compile(r"\bwords\.(?!js\b)(\w+)")
KINDS = ("chat", "image", "image_edit", "video")
BY_STATE = {
    *(f"{word}_{kind}" for word in ("ask", "kind") for kind in KINDS),
    *(f"said_{state}" for state in ("done", "stopped", "interrupted", "failed")),
    "tool_web_search",
}


@pytest.fixture
def page(webui, db):
    return Client().get("/webui/chat").content.decode()


def scripts():
    return {path.name: path.read_text() for path in SCRIPTS.glob("*.js")}


def test_every_word_that_a_script_says_is_given_and_no_other():
    said = {name for text in scripts().values() for name in NAMED.findall(text)}
    advice = set(re.findall(r'"(advice\w+)"', scripts()["failures.js"]))
    given = {name for name in chat.words() if not name.startswith("answer_")}
    assert said | advice | BY_STATE == given


def test_every_part_that_a_script_takes_is_on_the_page(page):
    text = "\n".join(scripts().values())
    taken = re.findall(r'\b(?:part\(\s*[\w.]+,\s*|at\(|this\.part\()"([\w-]+)"', text)
    made_by_scripts = {"percent"}
    assert len(taken) > 60
    missing = {name for name in taken if f'data-part="{name}"' not in page}
    assert missing == made_by_scripts


def test_every_icon_exists(page):
    used = set(re.findall(r'href="#icon-([\w-]+)"', page))
    used |= set(re.findall(r'\bicon\("(\w+)"\)', "\n".join(scripts().values())))
    assert used <= set(re.findall(r'<symbol id="icon-([\w-]+)"', page))


def test_all_modules_are_asked_for_at_once(page):
    modules = brought_by(CHAT)
    assert {f"js/webui/chat/{name}" for name in scripts()} <= {CHAT, *modules}
    assert "js/webui/rendering/answer.js" in modules
    assert all(finders.find(name) for name in modules)
    for name in modules:
        assert f'rel="modulepreload" href="/static/{name}"' in page


def test_limits_are_said_and_the_page_has_nothing_inline(page):
    assert "Up to 8 files of 25 MB each." in page
    assert '<script id="limits" type="application/json">' in page
    assert not re.search(r"<[^>]* (?:on\w+|style)=", page)
