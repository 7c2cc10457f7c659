import pytest

from grokgateway import config
from grokgateway.config.models import ConfigHistory

pytestmark = pytest.mark.django_db


def rows(page):
    return {row.key.name: row for row in page.context["rows"]}


@pytest.fixture
def moved():
    """A form was opened at revision 1; Ann saved twice since."""
    config.save({"chat.timeout": 70}, "ann")
    config.save({"chat.timeout": 80}, "ann")
    config.save({"chat.timeout": 85, "image.timeout": 50}, "bob")


def stale(fill, **changes):
    form = {"chat.timeout": "70", "image.timeout": "60"}
    return fill("timeouts", {**form, **changes}, revision=1)


def test_a_stale_form_is_refused_with_all_three_values(fill, moved):
    page = stale(fill, **{"chat.timeout": "90", "voice.timeout": "30"})

    assert page.status_code == 409
    found = rows(page)
    chat, image, voice = (
        found[f"{name}.timeout"] for name in ("chat", "image", "voice")
    )
    space = "\N{NO-BREAK SPACE}"
    assert (chat.base, chat.theirs, chat.mine) == (
        f"70{space}s",
        f"85{space}s",
        f"90{space}s",
    )
    assert chat.contested
    assert chat.author.name == "bob"
    assert not image.is_mine
    assert not voice.is_theirs
    assert config.load().revision == 3


def test_what_was_not_touched_is_no_edit(fill, moved):
    answer = stale(fill)
    assert answer.status_code == 302
    assert config.load().number("chat.timeout") == 85


@pytest.mark.parametrize(("taken", "left"), [("mine", 90), ("theirs", 85)])
def test_one_goes_on_from_there(console, fill, moved, taken, left):
    page = stale(fill, **{"chat.timeout": "90", "voice.timeout": "30"})
    form = {"revision": page.context["revision"]}
    for row in page.context["rows"]:
        if row.is_mine:
            form[row.key.name] = row.text
    form["take:chat.timeout"] = taken
    form["take:voice.timeout"] = "mine"
    console.post("/admin/config/timeouts", form)

    now = config.load()
    assert now.number("chat.timeout") == left
    assert now.number("voice.timeout") == 30
    assert now.number("image.timeout") == 50
    assert now.revision == 4


def test_a_change_of_another_group_is_mentioned(fill):
    config.save({"chat.timeout": 70}, "ann")
    config.save({"retry.max_retries": 3}, "ann")
    page = stale(fill, **{"voice.timeout": "30"})
    assert page.context["elsewhere"] == 1
    assert "One setting of another group changed too." in page.content.decode()


def test_a_forgotten_past_is_told_as_such(fill, moved):
    ConfigHistory.objects.filter(revision=2).delete()
    page = stale(fill, **{"chat.timeout": "90"})
    assert rows(page)["chat.timeout"].base == "not known any more"


def test_a_past_that_cannot_be_read_counts_as_the_default(fill, moved):
    row = ConfigHistory.objects.get(revision=2)
    row.changes["chat.timeout"]["before"] = {"value": "soon"}
    row.save()
    page = stale(fill, **{"chat.timeout": "90"})
    assert rows(page)["chat.timeout"].base.startswith("60")


def test_a_reset_of_theirs_is_seen(fill):
    config.save({"chat.timeout": 70}, "ann")
    config.unset(["chat.timeout"], "ann")
    page = stale(fill, **{"chat.timeout": "90"})
    assert rows(page)["chat.timeout"].base.startswith("70")
    assert rows(page)["chat.timeout"].theirs.startswith("60")


def test_a_secret_has_to_be_typed_again(console, fill):
    config.save({"logging.max_files": 9}, "ann")
    config.save({"logging.max_files": 8}, "ann")
    change = {"admin.metrics_token": "abcdef", "logging.max_files": "9"}
    page = fill("system", change, revision=1)
    row = rows(page)["admin.metrics_token"]
    assert (row.retype, row.text, row.mine) == (True, "", "a new value")
    assert 'type="password"' in page.content.decode()


def test_a_removed_secret_goes_on_as_removed(console, fill):
    config.save({"admin.metrics_token": "abcdef"}, "ann")
    config.save({"logging.max_files": 8}, "ann")
    change = {"admin.metrics_token:remove": "1", "logging.max_files": "7"}
    page = fill("system", change, revision=1)
    assert 'name="admin.metrics_token:remove"' in page.content.decode()
    form = {"revision": "2", "admin.metrics_token:remove": "1"}
    console.post("/admin/config/system", form)
    assert config.load().text("admin.metrics_token") == ""
