"""Samples name the gateway, the model and the key, and are well formed."""

import ast
import json
import re
import shlex
import tomllib

import pytest

from gateway import samples
from gateway.samples import Place

PLACE = Place("https://gate.example", "grok-big", "grok-quick", "gk-key")
ALL = {sample.id: sample for sample in samples.all_of(PLACE)}


@pytest.mark.parametrize("sample", ALL.values(), ids=list(ALL))
def test_each_names_address_model_and_key(sample):
    told = sample.text + sample.about
    assert "https://gate.example" in told
    assert "grok-big" in told
    assert "gk-key" in told


def test_the_first_two_are_of_all():
    assert [one.id for one in samples.first(PLACE)] == ["curl", "openai-python"]


@pytest.mark.parametrize("name", ["openai-python", "anthropic-python"])
def test_python_is_python(name):
    ast.parse(ALL[name].text)


def test_the_curl_line_carries_json():
    words = shlex.split(ALL["curl"].text.replace("\\\n", " "))
    assert words[1] == "https://gate.example/v1/chat/completions"
    assert json.loads(words[-1])["model"] == "grok-big"


def test_codex_reads_its_table():
    told = tomllib.loads(ALL["codex"].text)
    provider = told["model_providers"][told["model_provider"]]
    assert provider["base_url"] == "https://gate.example/v1"
    assert provider["wire_api"] == "responses"


def test_anthropic_programs_get_the_address_without_v1():
    for name in ("anthropic-python", "claude-code"):
        assert not re.search(r"gate\.example/v1", ALL[name].text)
