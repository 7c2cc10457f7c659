"""Which tile shows which picture."""

from webui.imagine.tiles import Tiles


def test_each_picture_has_its_tile():
    tiles = Tiles(2)
    assert tiles.advance("5", 10) == 0
    assert tiles.advance("7", 10) == 1
    assert tiles.advance("5", 60) == 0
    assert tiles.advance("5", 60) is None
    assert tiles.finish("7") == 1
    assert tiles.finish("5") == 0
    assert tiles.advance("5", 100) is None
    assert (tiles.ready, tiles.withheld, tiles.state) == (2, 0, "success")


def test_more_pictures_than_tiles():
    tiles = Tiles(1)
    assert tiles.advance("0", 30) == 0
    assert tiles.advance("1", 90) is None
    assert tiles.withhold("2") is None
    assert tiles.finish("1") == 0
    assert tiles.advance("0", 99) is None
    assert tiles.withhold("0") is None
    assert tiles.finish("0") is None
    assert tiles.state == "success"


def test_the_next_picture_takes_the_place_of_one_that_was_withheld():
    tiles = Tiles(2)
    tiles.advance("0", 50)
    tiles.advance("1", 50)
    assert tiles.withhold("0") == 0
    assert tiles.withheld == 1
    assert tiles.advance("6", 10) == 0
    assert tiles.withheld == 0
    assert tiles.finish("6") == 0
    assert tiles.withhold("1") == 1
    assert tiles.finish("9") == 1


def test_a_finished_picture_takes_the_slowest_tile():
    tiles = Tiles(3)
    for slot, percent in (("0", 50), ("1", 20), ("2", 90)):
        tiles.advance(slot, percent)
    assert tiles.finish("8") == 1


def test_how_a_round_came_out():
    tiles = Tiles(2)
    assert tiles.state == "failed"
    tiles.withhold("0")
    tiles.finish("1")
    assert (tiles.state, tiles.withheld) == ("partial", 1)
