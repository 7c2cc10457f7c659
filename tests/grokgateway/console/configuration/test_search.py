import pytest

pytestmark = pytest.mark.django_db
SEARCH = "/admin/config/search"


def names(console, q):
    return [one["key"].name for one in console.get(SEARCH, {"q": q}).context["found"]]


def test_labels_keys_and_help_are_searched(console):
    assert "proxy.clearance.flaresolverr_url" in names(console, "solver address")
    assert names(console, "features.image_format") == ["features.image_format"]
    assert "retention.requests_days" in names(console, "rows of the request log")


def test_every_word_must_occur_and_those_so_called_come_first(console):
    found = names(console, "video cache")
    assert found[0] == "cache.local.video_max_mb"
    assert "cache.local.image_max_mb" not in found


def test_both_languages_find_it(console):
    console.get("/admin/config/system?lang=zh")
    assert "webui.chat_per_min" in names(console, "Chat turns Web UI session")
    assert "proxy.egress.mode" in names(console, "\u51fa\u53e3")


def test_nothing_found_says_so(console):
    text = console.get(SEARCH, {"q": "zzz"}).content.decode()
    assert "No setting has these words" in text
    assert names(console, " ") == []


def test_a_result_leads_to_its_field(console):
    text = console.get(SEARCH, {"q": "cf_clearance"}).content.decode()
    assert 'href="/admin/config/proxy#proxy.clearance.cf_clearance"' in text


def test_a_script_gets_the_list_alone(console):
    page = console.get(SEARCH, {"q": "proxy"}, headers={"X-Requested-With": "fetch"})
    text = page.content.decode()
    assert "<html" not in text
    assert 'href="/admin/config/proxy#proxy.egress.mode"' in text
