"""The shipped catalogue, the rows that follow it, and what is read from them."""

from dataclasses import replace

import pytest

from gateway import catalog
from gateway.catalog import Catalog, Route
from gateway.errors import GatewayError, Kind
from gateway.models import ModelRoute
from gateway.shipped_models import SHIPPED_MODELS, ShippedModel
from gateway.upstream.payloads import mode_id

UP = ("basic", "super", "heavy")
PAID = ("super", "heavy")
TOP = ("heavy",)
CHAT, IMAGE, EDIT, VIDEO = "chat", "image", "image_edit", "video"
GROK_4_3 = "grok-420-computer-use-sa"

# public-api 2.1: id, display name, upstream's mode, capability, order of pools
TABLE = (
    (
        "grok-4.20-0309-non-reasoning",
        "Grok 4.20 0309 Non-Reasoning",
        "fast",
        CHAT,
        UP,
    ),
    ("grok-4.20-0309", "Grok 4.20 0309", "auto", CHAT, PAID),
    ("grok-4.20-0309-reasoning", "Grok 4.20 0309 Reasoning", "expert", CHAT, PAID),
    (
        "grok-4.20-0309-non-reasoning-super",
        "Grok 4.20 0309 Non-Reasoning Super",
        "fast",
        CHAT,
        PAID,
    ),
    ("grok-4.20-0309-super", "Grok 4.20 0309 Super", "auto", CHAT, PAID),
    (
        "grok-4.20-0309-reasoning-super",
        "Grok 4.20 0309 Reasoning Super",
        "expert",
        CHAT,
        PAID,
    ),
    (
        "grok-4.20-0309-non-reasoning-heavy",
        "Grok 4.20 0309 Non-Reasoning Heavy",
        "fast",
        CHAT,
        TOP,
    ),
    ("grok-4.20-0309-heavy", "Grok 4.20 0309 Heavy", "auto", CHAT, TOP),
    (
        "grok-4.20-0309-reasoning-heavy",
        "Grok 4.20 0309 Reasoning Heavy",
        "expert",
        CHAT,
        TOP,
    ),
    ("grok-4.20-multi-agent-0309", "Grok 4.20 Multi-Agent 0309", "heavy", CHAT, TOP),
    ("grok-4.20-fast", "Grok 4.20 Fast", "fast", CHAT, UP[::-1]),
    ("grok-4.20-auto", "Grok 4.20 Auto", "auto", CHAT, PAID[::-1]),
    ("grok-4.20-expert", "Grok 4.20 Expert", "expert", CHAT, PAID[::-1]),
    ("grok-4.20-heavy", "Grok 4.20 Heavy", "heavy", CHAT, TOP),
    ("grok-4.3-beta", "Grok 4.3 Beta", GROK_4_3, CHAT, PAID),
    ("grok-imagine-image-lite", "Grok Imagine Image Lite", "fast", IMAGE, UP),
    ("grok-imagine-image", "Grok Imagine Image", "auto", IMAGE, PAID),
    ("grok-imagine-image-pro", "Grok Imagine Image Pro", "auto", IMAGE, PAID),
    ("grok-imagine-image-edit", "Grok Imagine Image Edit", "auto", EDIT, PAID),
    ("grok-imagine-video", "Grok Imagine Video", "auto", VIDEO, PAID),
)
OLD = ShippedModel("grok-old", "Grok Old", "fast", "basic")


@pytest.fixture(autouse=True)
def home(monkeypatch):
    monkeypatch.setattr(catalog.HOME, "catalog", None)


def rows():
    return list(ModelRoute.objects.values_list("name", flat=True))


def loaded(name):
    return {route.name: route for route in catalog.load().routes()}.get(name)


def route(mode="auto", capability="chat", pools=PAID, name="m"):
    return Route(name, name, mode, capability, pools)


@pytest.mark.django_db
def test_the_shipped_catalogue_is_the_specified_table():
    found = [
        (r.name, r.display_name, mode_id(r.mode), r.capability, r.pools)
        for r in catalog.load().routes()
    ]
    assert len(TABLE) == 20
    assert found == list(TABLE)


@pytest.mark.django_db
def test_a_repeated_synchronisation_writes_nothing(django_assert_max_num_queries):
    before = list(ModelRoute.objects.values_list("id", "updated_at"))
    with django_assert_max_num_queries(4):
        catalog.synchronise()
    assert list(ModelRoute.objects.values_list("id", "updated_at")) == before


@pytest.mark.django_db
def test_an_upgrade_brings_new_models_and_new_values():
    catalog.synchronise([OLD])
    new = replace(OLD, mode="expert", tier="super", display_name="Grok Older")
    catalog.synchronise([ShippedModel("grok-new", "New", "auto", "super"), new])
    row = ModelRoute.objects.get(name="grok-old")
    assert (row.mode, row.tier, row.display_name) == ("expert", "super", "Grok Older")
    assert row.position == 2
    assert ModelRoute.objects.get(name="grok-new").position == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("display_name", "Ours"),
        ("mode", "auto"),
        ("tier", "heavy"),
        ("prefer_best", True),
        ("position", 77),
        ("enabled", False),
    ],
)
def test_an_edit_survives_upgrades_and_the_rest_follows(column, value):
    catalog.synchronise([OLD])
    ModelRoute.objects.filter(name="grok-old").update(**{column: value})
    for number in range(2):
        upgrade = replace(
            OLD, mode="expert", tier="super", display_name=f"Upgrade {number}"
        )
        catalog.synchronise([upgrade])
        row = ModelRoute.objects.get(name="grok-old")
        assert getattr(row, column) == value
    expected = {"mode": "expert", "tier": "super", "display_name": "Upgrade 1"}
    expected.pop(column, None)
    assert {name: getattr(row, name) for name in expected} == expected


@pytest.mark.django_db
def test_an_edit_taken_back_follows_again():
    catalog.synchronise([OLD])
    mine = ModelRoute.objects.filter(name="grok-old")
    mine.update(mode="auto")
    catalog.synchronise([replace(OLD, mode="expert")])
    mine.update(mode="expert")
    catalog.synchronise([replace(OLD, mode="heavy")])
    assert mine.get().mode == "heavy"


@pytest.mark.django_db
def test_a_renamed_row_stays_renamed_and_does_not_come_back_under_its_old_name():
    catalog.synchronise([OLD])
    ModelRoute.objects.filter(name="grok-old").update(name="ours")
    catalog.synchronise([replace(OLD, mode="expert")])
    assert "grok-old" not in rows()
    assert loaded("ours").mode == "expert"


@pytest.mark.django_db
def test_a_row_of_our_own_is_never_taken_over():
    mine = {"display_name": "Mine", "mode": "auto", "tier": "heavy"}
    ModelRoute.objects.create(name="grok-old", capability="chat", **mine)
    ModelRoute.objects.create(name="other", capability="chat", **mine)
    catalog.synchronise([OLD])
    row = ModelRoute.objects.get(name="grok-old")
    assert {name: getattr(row, name) for name in mine} == mine
    assert "other" in rows()


@pytest.mark.django_db
def test_disabled_rows_are_unknown_models():
    assert loaded("grok-4.20-auto") is not None
    ModelRoute.objects.filter(name="grok-4.20-auto").update(enabled=False)
    catalog.synchronise()
    catalog.load()
    with pytest.raises(GatewayError) as caught:
        catalog.current().chat_route("grok-4.20-auto")
    assert caught.value.kind is Kind.MODEL_NOT_FOUND


@pytest.mark.django_db
def test_a_row_moved_to_another_tier_changes_its_pools():
    ModelRoute.objects.filter(name="grok-4.20-auto").update(tier="basic")
    assert loaded("grok-4.20-auto").pools == ("heavy", "super", "basic")


@pytest.mark.django_db
def test_rows_come_in_catalogue_order_own_ones_last():
    ModelRoute.objects.create(
        name="aaa", display_name="A", mode="fast", tier="basic", capability="chat"
    )
    ModelRoute.objects.filter(name="grok-imagine-video").update(position=0)
    names = [route.name for route in catalog.load().routes()]
    assert (names[0], names[1]) == ("grok-imagine-video", SHIPPED_MODELS[0].name)
    assert names[-1] == "aaa"


def test_it_is_not_read_before_it_is_loaded():
    with pytest.raises(RuntimeError, match="load"):
        catalog.current()


@pytest.mark.parametrize(
    ("mode", "capability", "fallback", "expected"),
    [
        ("auto", "chat", True, ("auto", "fast", "expert")),
        ("auto", "chat", False, ("auto",)),
        ("auto", "image", True, ("auto",)),
        ("auto", "video", True, ("auto",)),
        ("fast", "chat", True, ("fast",)),
        ("expert", "chat", True, ("expert",)),
        ("heavy", "chat", True, ("heavy",)),
        ("grok_4_3", "chat", True, ("grok_4_3",)),
    ],
)
def test_modes_to_try(mode, capability, fallback, expected):
    assert route(mode, capability).modes(auto_fallback=fallback) == expected


@pytest.mark.parametrize(
    ("usable", "expected"),
    [
        (set(), []),
        ({("basic", "fast")}, ["fast"]),
        ({("super", "fast")}, ["fast"]),
        ({("super", "fast"), ("super", "auto")}, ["fast", "auto", "film"]),
        ({("basic", "auto")}, []),
        ({("heavy", "heavy")}, ["heavy"]),
        ({("super", "heavy")}, []),
        ({("heavy", "auto")}, ["auto", "film"]),
    ],
)
def test_only_what_an_account_can_serve_is_listed(usable, expected):
    found = Catalog(
        [
            route("fast", pools=UP, name="fast"),
            route("auto", name="auto"),
            route("heavy", pools=TOP, name="heavy"),
            route("auto", "video", name="film"),
            route("auto", "of the future", name="unheard of"),
        ]
    )
    assert [one.name for one in found.listed(usable)] == expected


@pytest.mark.parametrize("name", ["", "GROK-4.20-AUTO", "x" * 500, "\x00"])
def test_unknown_names(name):
    with pytest.raises(GatewayError) as caught:
        Catalog([route()]).chat_route(name)
    assert (caught.value.kind, caught.value.param) == (Kind.MODEL_NOT_FOUND, "model")
    assert len(caught.value.message) < 200


def test_models_of_another_kind():
    with pytest.raises(GatewayError) as caught:
        Catalog([route(capability="image")]).chat_route("m")
    assert (caught.value.kind, caught.value.param) == (Kind.UNSUPPORTED_MODEL, "model")
