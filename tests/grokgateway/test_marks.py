from grokgateway import marks


def test_a_badge_tells_its_state_by_word_and_shape():
    made = marks.badge(marks.WAIT, "cooling <1 h>")
    assert made == '<span class="badge wait">cooling &lt;1 h&gt;</span>'
