import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages

from grokgateway import config
from grokgateway.config.models import ConfigHistory, ConfigOverride
from grokgateway.console.configuration import outline, views

pytestmark = pytest.mark.django_db
SECRET = "a-secret-nobody-may-see"
PROXY = "http://me:hush-hush@proxy.example:8080"


def errors(page):
    return {field.key.name: field.error for field in page.context["errors"]}


def saved():
    return set(ConfigOverride.objects.values_list("key", flat=True))


@pytest.mark.parametrize("path", ["/admin/config", "/admin/config/"])
def test_the_seeds_address_leads_to_the_first_group(console, path):
    page = console.get(path, follow=True)
    assert page.redirect_chain[-1][0] == "/admin/config/system"
    assert page.status_code == 200


def test_a_group_that_is_not_there_is_not_found(console):
    assert console.get("/admin/config/nonsense").status_code == 404


@pytest.mark.parametrize("group", outline.TABS, ids=lambda group: group.slug)
def test_a_page_takes_few_queries(console, group, django_assert_max_num_queries):
    console.get("/admin/config/system")
    with django_assert_max_num_queries(9):
        page = console.get(f"/admin/config/{group.slug}")
        page.render()
    assert "no-store" in page["Cache-Control"]


def test_what_was_changed_is_saved_and_nothing_else(console, fill):
    answer = fill("timeouts", {"chat.timeout": "90"})

    assert answer["Location"] == "/admin/config/timeouts"
    assert config.current().number("chat.timeout") == 90
    assert saved() == {"chat.timeout"}
    assert ConfigHistory.objects.get().saved_by == "root"
    assert LogEntry.objects.get().object_repr == "chat.timeout"


def test_a_form_without_changes_saves_nothing(console, fill):
    config.save({"chat.timeout": 90}, "other")
    for group in outline.TABS:
        fill(group.slug, {})
    assert config.load().revision == 1


def test_what_was_saved_is_told_with_the_way_back(console, fill):
    page = console.get(fill("timeouts", {"chat.timeout": "90"})["Location"])
    (message,) = get_messages(page.wsgi_request)
    assert 'Saved: Chat. <a href="/admin/config/history/1/revert">' in str(message)


def test_a_switch_goes_off_and_on(fill):
    fill("features", {"features.stream": "off"})
    assert not config.current().flag("features.stream")
    fill("features", {"features.stream": ["off", "on"]})
    assert config.current().flag("features.stream")


def test_a_list_is_one_in_each_line(fill):
    fill("retry", {"retry.on_codes": "500\r\n 502 \r\n\r\n503"})
    assert config.current().items("retry.on_codes") == ("500", "502", "503")


def test_a_text_of_many_lines_keeps_them(fill):
    fill("features", {"features.custom_instruction": "Be brief,\r\nbe kind."})
    stored = config.current().text("features.custom_instruction")
    assert stored == "Be brief,\nbe kind."


def test_a_bad_value_names_its_field_and_saves_nothing(fill):
    page = fill("timeouts", {"chat.timeout": "1", "video.timeout": "90"})

    assert page.status_code == 200
    assert errors(page) == {"chat.timeout": "Must be from 5 to 1800."}
    text = page.content.decode()
    assert '<a href="#chat.timeout">Chat</a>' in text
    assert 'id="id_chat_timeout_error">Must be from 5 to 1800.' in text
    assert text.count('aria-invalid="true"') == 1
    assert saved() == set()


def test_all_bad_values_are_told_at_once_and_kept(fill):
    page = fill(
        "proxy",
        {
            "proxy.egress.mode": "proxy_pool",
            "proxy.egress.proxy_url": "junk",
            "proxy.clearance.mode": "flaresolverr",
            "proxy.clearance.timeout_sec": "",
        },
    )
    assert errors(page) == {
        "proxy.egress.proxy_url": "Must begin with http://, https://, "
        "socks4:// or socks5://.",
        "proxy.clearance.flaresolverr_url": "Is needed while proxy.clearance.mode is "
        "flaresolverr.",
        "proxy.clearance.timeout_sec": "Must be a whole number.",
    }
    fields = {f.key.name: f for _, found in page.context["sections"] for f in found}
    assert fields["proxy.egress.proxy_url"].text == "junk"
    assert fields["proxy.egress.mode"].changed
    assert saved() == set()


def test_an_older_need_blocks_no_other_save(settings, fill):
    settings.GROK_ENVIRON = {"GROK_PROXY_EGRESS_MODE": "single_proxy"}
    fill("proxy", {"proxy.clearance.browser": "chrome120"})
    assert config.current().text("proxy.clearance.browser") == "chrome120"


def test_a_key_set_by_the_environment_is_locked_and_refused(settings, console, fill):
    settings.GROK_ENVIRON = {"GROK_CHAT_TIMEOUT": "77"}

    text = console.get("/admin/config/timeouts").content.decode()
    assert "<code>GROK_CHAT_TIMEOUT</code>" in text
    field = text[text.index('id="id_chat_timeout"') :]
    assert "disabled" in field[: field.index(">")]

    page = fill("timeouts", {"chat.timeout": "78"})
    told = "Is set by GROK_CHAT_TIMEOUT and cannot be changed here."
    assert errors(page) == {"chat.timeout": told}
    assert saved() == set()


def test_a_locked_switch_sends_nothing(settings, console):
    settings.GROK_ENVIRON = {"GROK_FEATURES_STREAM": "true"}
    text = console.get("/admin/config/features").content.decode()
    assert '<input type="hidden" name="features.stream"' not in text


def test_what_is_code_in_a_help_text_is_set_as_code(console):
    text = console.get("/admin/config/features").content.decode()
    assert "when a request leaves out <code>stream</code>." in text


def test_where_a_value_comes_from_is_told(console, settings):
    settings.CONFIG_LOCAL_PATH.write_text("[image]\ntimeout = 71\n")
    config.save({"chat.timeout": 90}, "ann")
    page = console.get("/admin/config/timeouts")
    fields = {f.key.name: f for _, found in page.context["sections"] for f in found}
    assert fields["chat.timeout"].source == "saved"
    assert fields["chat.timeout"].saved.name == "ann"
    assert fields["image.timeout"].source == "file"
    assert fields["voice.timeout"].source == "default"
    assert "by ann" in page.content.decode()


def test_one_key_is_reset(console):
    config.save({"chat.timeout": 90, "image.timeout": 90}, "ann")
    answer = console.post("/admin/config/reset", {"key": "chat.timeout"})
    assert answer["Location"] == "/admin/config/timeouts#chat.timeout"
    assert saved() == {"image.timeout"}


def test_a_reset_that_leaves_a_need_unmet_is_refused(console):
    patch = {"proxy.egress.mode": "single_proxy", "proxy.egress.proxy_url": PROXY}
    config.save(patch, "ann")
    answer = console.post("/admin/config/reset", {"key": "proxy.egress.proxy_url"})
    page = console.get(answer["Location"])
    (message,) = get_messages(page.wsgi_request)
    assert "Is needed while" in str(message)
    assert saved() == set(patch)


def test_an_unknown_key_cannot_be_reset(console):
    assert console.post("/admin/config/reset", {"key": "no.such"}).status_code == 404


def test_a_secret_left_empty_stays_and_one_typed_replaces_it(fill):
    config.save({"admin.metrics_token": SECRET}, "ann")
    fill("system", {"logging.max_files": "9"})
    assert config.current().text("admin.metrics_token") == SECRET
    fill("system", {"admin.metrics_token": "another"})
    assert config.current().text("admin.metrics_token") == "another"
    fill("system", {"admin.metrics_token:remove": "1"})
    assert config.current().text("admin.metrics_token") == ""


def test_a_proxy_keeps_its_password_while_it_stays_masked(console, fill):
    pool = [PROXY, "socks5://other.example:1080"]
    config.save({"proxy.egress.proxy_pool": pool}, "ann")
    page = console.get("/admin/config/proxy")
    assert "http://me:********@proxy.example:8080" in page.content.decode()
    shown = "http://me:********@proxy.example:8080\nhttp://new.example:1"
    fill("proxy", {"proxy.egress.proxy_pool": shown})
    stored = config.current().items("proxy.egress.proxy_pool")
    assert stored == (PROXY, "http://new.example:1")


def test_a_field_that_may_mislead_is_remarked_on(console):
    config.save({"app.app_url": "https://gateway.example/v1"}, "ann")
    text = console.get("/admin/config/system").content.decode()
    remark = text[text.index('data-pattern="/v1/?$"') :]
    assert "hidden" not in remark[: remark.index(">")]
    assert "Links to media would not open" in remark


def test_an_address_without_a_scheme_is_refused_with_a_word_on_it(fill):
    page = fill("system", {"app.app_url": "gateway.example"})
    assert "app.app_url" in errors(page)
    remark = page.content.decode()
    remark = remark[remark.index('data-pattern="^(?!https?://)."') :]
    assert "hidden" not in remark[: remark.index(">")]


def test_what_the_configuration_complains_about_stands_at_its_field(console, settings):
    settings.CONFIG_LOCAL_PATH.write_text("[chat]\ntimeout = 1\ntimeuot = 2\n")
    page = console.get("/admin/config/timeouts")
    assert "chat.timeout in the configuration file must be" in page.content.decode()


def test_an_open_web_ui_is_asked_about_once_more(fill):
    page = fill("system", {"app.webui_enabled": "on"})
    assert [q.name for q in page.context["questions"]] == ["open_webui"]
    assert saved() == set()
    fill("system", {"app.webui_enabled": "on"}, confirm="open_webui")
    assert config.current().flag("app.webui_enabled")


def test_a_web_ui_with_a_password_is_not_asked_about(fill):
    fill("system", {"app.webui_enabled": "on", "app.webui_key": "some password"})
    assert config.current().flag("app.webui_enabled")


def test_an_open_api_is_asked_about_once_more(fill):
    page = fill("system", {"app.allow_anonymous": "on"})
    assert [q.name for q in page.context["questions"]] == ["open_api"]
    assert saved() == set()


def test_an_alert_can_be_tried_where_it_is_set_up(console):
    button = '<button type="submit" form="alert-test"'
    assert button not in console.get("/admin/config/alerts").content.decode()
    config.save({"alerts.emails": ["ops@gateway.example"]}, "ann")
    text = console.get("/admin/config/alerts").content.decode()
    assert text.count(button) == 1
    assert 'action="/admin/gateway/alert/test/" id="alert-test"' in text


def test_the_web_ui_is_linked_once_there_is_one(console, monkeypatch):
    config.save({"app.webui_enabled": True, "app.webui_key": "some word"}, "ann")
    link = "Open the Web UI"
    monkeypatch.setattr(views, "WEBUI_PATH", "/no-such-page")
    assert link not in console.get("/admin/config/system").content.decode()
    monkeypatch.setattr(views, "WEBUI_PATH", "/favicon.ico")
    assert link in console.get("/admin/config/system").content.decode()
    config.save({"app.webui_enabled": False}, "ann")
    assert link not in console.get("/admin/config/system").content.decode()


def test_the_base_url_for_clients_is_at_hand(console):
    text = console.get("/admin/config/system").content.decode()
    assert 'data-copy="http://testserver/v1"' in text
    config.save({"app.app_url": "https://gateway.example"}, "ann")
    text = console.get("/admin/config/system").content.decode()
    assert 'data-copy="https://gateway.example/v1"' in text
