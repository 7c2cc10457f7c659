import io
import json
import tomllib

import pytest
from django.core.management import CommandError, call_command

from grokgateway import config
from grokgateway.config.values import MASK

pytestmark = pytest.mark.django_db


def run(*words, **options):
    out, err = io.StringIO(), io.StringIO()
    call_command("config", *words, stdout=out, stderr=err, **options)
    return out.getvalue()


def run_json(*words):
    return json.loads(run(*words, "--json"))


def refused(*words):
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("config", *words, stdout=out, stderr=io.StringIO())
    return caught.value, out.getvalue()


def test_set_saves_pairs_and_assignments():
    run("set", "chat.timeout", "90", "features.stream", "off")
    out = run("set", "app.api_key=a,b", "app.app_url=https://a.example/?x=1")

    assert config.current().number("chat.timeout") == 90
    assert config.current().items("app.api_key") == ("a", "b")
    assert f"app.api_key = {MASK} (saved)" in out
    assert "app.app_url = https://a.example/?x=1 (saved)" in out


def test_set_reads_a_secret_from_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("hush\n"))

    run("set", "app.webui_key", "-")

    assert config.current().text("app.webui_key") == "hush"


def test_set_refuses_with_code_one_and_lists_all():
    error, _ = refused("set", "chat.timeout", "0", "image.timeout", "0")

    assert error.returncode == 1
    assert str(error).count("must be from 5 to 1800") == 2


def test_refusals_as_json():
    error, out = refused("set", "chat.timeout", "0", "--json")

    assert error.returncode == 1
    assert json.loads(out) == {
        "errors": [{"key": "chat.timeout", "message": "must be from 5 to 1800"}]
    }


@pytest.mark.parametrize(
    "words", [("set", "chat.timeout"), ("set", "chat.timeout=5", "image.timeout")]
)
def test_wrong_use_has_code_two(words):
    assert refused(*words)[0].returncode == 2


def test_get_masks_unless_told_to_reveal():
    run("set", "app.webui_key", "hush")

    assert run("get", "app.webui_key") == f"{MASK}\n"
    assert run("get", "app.webui_key", "--reveal") == "hush\n"
    assert run_json("get", "app.webui_key", "--reveal")["value"] == "hush"
    assert run_json("get", "app.webui_key")["value"] == MASK


def test_get_writes_values_as_set_reads_them():
    assert run("get", "features.stream") == "true\n"
    assert run("get", "retry.on_codes") == "429, 401, 503\n"
    assert run("get", "proxy.browser") == "chrome136\n"


def test_get_of_an_unknown_key_has_code_one():
    error, out = refused("get", "chat.nothing", "--json")

    assert error.returncode == 1
    assert json.loads(out)["errors"][0]["key"] == "chat.nothing"


def test_list_names_sources_and_problems(settings):
    settings.GROK_ENVIRON = {"GROK_CHAT_TIMEOUT": "90", "GROK_NOTHING_OF_OURS": "1"}
    found = run_json("list")

    assert found["keys"]["chat.timeout"] == {
        "value": 90,
        "source": "environment",
        "default": 60,
    }
    assert found["keys"].keys() == config.KEYS.keys()
    assert found["keys"]["app.app_key"]["value"] == MASK
    assert "GROK_NOTHING_OF_OURS" in found["problems"][0]


def test_list_of_one_branch():
    lines = run("list", "image").splitlines()

    assert [line.split() for line in lines] == [
        ["image.timeout", "default", "60"],
        ["image.stream_timeout", "default", "60"],
    ]


def test_problems_go_to_the_error_output(settings):
    settings.GROK_ENVIRON = {"GROK_NOTHING_OF_OURS": "1"}
    err = io.StringIO()

    call_command("config", "list", stdout=io.StringIO(), stderr=err)

    assert "GROK_NOTHING_OF_OURS" in err.getvalue()


def test_unset():
    run("set", "chat.timeout", "90")

    assert run("unset", "chat.timeout") == "chat.timeout = 60 (default)\n"
    assert run_json("unset", "chat.timeout")["keys"]["chat.timeout"]["value"] == 60


def test_export_and_import_round_trip(tmp_path):
    config.save(
        {
            "app.webui_key": 'hush "quoted" \\ \x7f',
            "features.custom_instruction": "two\nlines \u4e2d",
            "proxy.egress.proxy_pool": ["http://u:p@h:1", "socks5://h"],
            "features.stream": False,
            "chat.timeout": 90,
        },
        "tester",
    )
    text = run("export", "--reveal")
    before = {name: config.current().stored(name) for name in config.KEYS}
    path = tmp_path / "export.toml"
    path.write_text(text, encoding="utf-8")
    config.unset(config.KEYS, "tester")

    run("import", str(path))

    assert {name: config.current().stored(name) for name in config.KEYS} == before


def test_export_leaves_secrets_out_as_comments():
    config.save({"app.webui_key": "hush", "chat.timeout": 90}, "tester")

    text = run("export")

    assert "hush" not in text
    assert f'# webui_key = "{MASK}"' in text
    assert tomllib.loads(text) == {"app": {}, "chat": {"timeout": 90}}
    assert run_json("export") == {"chat.timeout": 90}


def test_export_of_the_defaults_is_the_template():
    assert run("export", "--defaults") == config.defaults()


def test_import_saves_the_valid_part_and_reports_the_rest(tmp_path):
    path = tmp_path / "v2.toml"
    path.write_text(
        "[chat]\ntimeout = 90\n[image]\ntimeout = 60\n[video]\ntimeout = 1\n"
        "[nobody]\nknows = 1\n"
    )

    error, out = refused("import", str(path), "--json")

    found = json.loads(out)
    assert error.returncode == 1
    assert found["revision"] == 1
    assert [item["key"] for item in found["errors"]] == [
        "nobody.knows",
        "video.timeout",
    ]
    assert config.current().source("chat.timeout") == "saved"
    assert config.current().source("image.timeout") == "default"


def test_import_from_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("[chat]\ntimeout = 90\n"))

    assert "chat.timeout = 90 (saved)" in run("import", "-")


@pytest.mark.parametrize("body", [None, "[broken"])
def test_import_of_an_unreadable_file_has_code_two(tmp_path, body):
    path = tmp_path / "file.toml"
    if body is not None:
        path.write_text(body)

    assert refused("import", str(path))[0].returncode == 2
