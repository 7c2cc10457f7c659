from gateway.conversation.events import ReasoningDelta, TextDelta
from gateway.conversation.fold import Completion


def test_thoughts_that_a_stream_could_not_show_are_told_apart():
    completion = Completion()
    completion.add([ReasoningDelta("a"), ReasoningDelta("b", late=True)])
    completion.add([TextDelta("Hi"), ReasoningDelta("c")])
    assert completion.reasoning == "abc"
    assert completion.first_thoughts == ["a"]
