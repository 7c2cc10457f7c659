import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages

from grokgateway import config
from grokgateway.config.models import ConfigHistory

pytestmark = pytest.mark.django_db


def test_changes_are_listed_newest_first_with_who_and_what(console):
    config.save({"chat.timeout": 90}, "ann")
    config.save({"chat.timeout": 95, "app.webui_enabled": True}, "bob")
    entries = console.get("/admin/config/history").context["entries"]
    assert [(e.revision, e.by) for e in entries] == [(2, "bob"), (1, "ann")]
    steps = {s.name: (s.before, s.after) for s in entries[0].steps}
    space = "\N{NO-BREAK SPACE}"
    assert steps == {
        "app.webui_enabled": ("default", "On"),
        "chat.timeout": (f"90{space}s", f"95{space}s"),
    }


def test_an_empty_history_says_so(console):
    text = console.get("/admin/config/history").content.decode()
    assert "Nothing was changed yet" in text


def test_a_key_or_value_nobody_understands_is_told_as_such(console):
    config.save({"chat.timeout": 90}, "ann")
    config.save({"proxy.egress.proxy_url": "http://a:b@c.example"}, "ann")
    ConfigHistory.objects.filter(revision=1).update(
        changes={"chat.gone": {"before": None, "after": {"value": 1}}}
    )
    ConfigHistory.objects.filter(revision=2).update(
        changes={"proxy.egress.proxy_url": {"before": {"sealed": "??"}, "after": None}}
    )
    entries = console.get("/admin/config/history").context["entries"]
    assert entries[0].steps[0].before == "a value that cannot be read"
    assert entries[1].steps[0].after == "a key that is no longer known"
    page = console.get("/admin/config/history/1/revert")
    assert page.status_code == 200


def test_the_page_takes_few_queries(console, django_assert_max_num_queries):
    for number in range(30):
        config.save({"chat.timeout": 100 + number}, "ann")
    with django_assert_max_num_queries(9):
        console.get("/admin/config/history")


def test_a_change_is_taken_back_after_a_question(console):
    config.save({"chat.timeout": 90}, "ann")
    config.save({"chat.timeout": 95}, "ann")
    page = console.get("/admin/config/history/2/revert")
    assert "Undo change 2?" in page.content.decode()
    assert config.load().revision == 2

    answer = console.post("/admin/config/history/2/revert")
    assert answer["Location"] == "/admin/config/history"
    assert config.load().number("chat.timeout") == 90
    assert LogEntry.objects.get().change_message == "Change 2 taken back."
    assert ConfigHistory.objects.latest("revision").saved_by == "root"


def test_what_cannot_be_taken_back_says_why(console):
    config.save({"proxy.egress.proxy_url": "http://proxy.example"}, "ann")
    config.save({"proxy.egress.mode": "single_proxy"}, "ann")
    answer = console.post("/admin/config/history/1/revert")
    page = console.get(answer["Location"])
    (message,) = get_messages(page.wsgi_request)
    assert str(message).startswith("Proxy: Is needed while proxy.egress.mode")
    assert config.load().revision == 2


def test_a_change_that_is_not_known_is_not_found(console):
    assert console.get("/admin/config/history/7/revert").status_code == 404
