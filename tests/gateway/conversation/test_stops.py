from hypothesis import given
from hypothesis import strategies as st

from gateway.conversation.stops import StopMatcher


def fed(stops, pieces):
    matcher = StopMatcher(stops)
    text = "".join(matcher.feed(piece) for piece in pieces)
    return text + matcher.close(), matcher.hit


def test_it_cuts_before_the_first_stop():
    assert fed(("END", "B"), ["aBc END"]) == ("a", "B")


def test_it_finds_a_stop_across_pieces():
    assert fed(("STOP",), ["keep ST", "O", "P gone"]) == ("keep ", "STOP")


def test_it_gives_back_what_only_looked_like_a_stop():
    assert fed(("STOP",), ["keep STO", "RY"]) == ("keep STORY", None)
    assert fed(("STOP",), ["keep STO"]) == ("keep STO", None)


def test_nothing_follows_a_hit():
    matcher = StopMatcher(("x",))
    assert matcher.feed("ax") == "a"
    assert matcher.feed("more") == ""
    assert matcher.close() == ""


@given(
    st.lists(st.text("ab", max_size=4), max_size=8),
    st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=3),
)
def test_the_result_does_not_depend_on_the_pieces(pieces, stops):
    text = "".join(pieces)
    assert fed(tuple(stops), pieces)[0] == fed(tuple(stops), list(text))[0]
    hits = [(text.find(s) + len(s), text.find(s)) for s in stops if s in text]
    whole = text[: min(hits)[1]] if hits else text
    assert fed(tuple(stops), [text])[0] == whole
