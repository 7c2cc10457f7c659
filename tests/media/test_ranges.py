import pytest

from media.ranges import Conditions, Share, Version, share_of

SIZE = 1000
THEN = 1_700_000_000
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
BEFORE = "Tue, 14 Nov 2023 22:13:19 GMT"
AFTER = "Tue, 14 Nov 2023 22:13:21 GMT"
VERSION = Version(SIZE, '"abc"', THEN)
WHOLE = Share(200, 0, SIZE)


def asked(**conditions):
    return share_of(VERSION, Conditions(**conditions))


@pytest.mark.parametrize(
    ("header", "share"),
    [
        ("bytes=0-0", Share(206, 0, 1)),
        ("bytes=0-499", Share(206, 0, 500)),
        ("bytes=500-999", Share(206, 500, 500)),
        ("bytes=0-", Share(206, 0, SIZE)),
        ("bytes=999-", Share(206, 999, 1)),
        ("bytes=990-5000", Share(206, 990, 10)),
        ("bytes=-1", Share(206, 999, 1)),
        ("bytes=-1000", Share(206, 0, SIZE)),
        ("bytes=-5000", Share(206, 0, SIZE)),
        ("Bytes= 1-2 ", Share(206, 1, 2)),
        ("bytes=1000-", Share(416)),
        ("bytes=1000-2000", Share(416)),
        ("bytes=-0", Share(416)),
        ("bytes=2-1", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=1", WHOLE),
        ("bytes=0-1,3-4", WHOLE),
        ("bytes=0-1, 3-4", WHOLE),
        ("items=0-1", WHOLE),
        ("0-1", WHOLE),
        ("bytes=0-" + "9" * 30, WHOLE),
        ("bytes=\u0661-\u0662", WHOLE),
        ("bytes=+1-2", WHOLE),
    ],
)
def test_ranges(header, share):
    assert asked(range=header) == share


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        ('"abc"', 206),
        ('"other"', 200),
        ('W/"abc"', 200),
        (DATE, 206),
        (BEFORE, 200),
        (AFTER, 200),
        ("nonsense", 200),
    ],
)
def test_a_range_of_another_version_gives_the_whole(if_range, status):
    assert asked(range="bytes=0-9", if_range=if_range).status == status


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"if_none_match": '"abc"'}, 304),
        ({"if_none_match": 'W/"abc"'}, 304),
        ({"if_none_match": '"x", "abc"'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": '"x"'}, 200),
        ({"if_none_match": "abc"}, 200),
        ({"if_modified_since": DATE}, 304),
        ({"if_modified_since": AFTER}, 304),
        ({"if_modified_since": BEFORE}, 200),
        ({"if_modified_since": "nonsense"}, 200),
        ({"if_none_match": '"x"', "if_modified_since": AFTER}, 200),
        ({"if_none_match": '"abc"', "range": "bytes=0-1"}, 304),
        ({"if_none_match": '"abc"', "method": "HEAD"}, 304),
    ],
)
def test_what_the_caller_has_is_not_sent_again(conditions, status):
    assert asked(**conditions).status == status


def test_a_range_means_nothing_to_head():
    assert asked(method="HEAD", range="bytes=0-1") == WHOLE
    assert asked(method="HEAD", range="bytes=5000-") == WHOLE
