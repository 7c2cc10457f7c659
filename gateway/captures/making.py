"""From a tape to a capture that may be kept: proven first, then covered.

Before anything is covered the tape is gone through again, and must give the bytes that
were sent. What is covered gives other bytes, which are those of the capture.
"""

from collections.abc import Mapping

from gateway.captures import redacting
from gateway.captures.document import Capture
from gateway.captures.encoding import OWN, PLAIN
from gateway.captures.replay import Played, play
from gateway.tape import Tape
from grokgateway import redaction

TRIES = 3


def made(tape: Tape, request_id: str, about: Mapping[str, object]) -> Capture:
    truth = play(tape, OWN, request_id)
    faithful = same(truth.sent, tape.sent, cut=tape.cut) and truth.misjudged is None
    shown_id = redaction.current().text(request_id)
    for _ in range(TRIES):  # other names may differ where the last were alike by chance
        covered = redacting.redacted(tape, redacting.cover_of(tape))
        played = play(covered, PLAIN, shown_id)
        alike = course(played) == course(truth)
        if alike:
            break
    return Capture(shown_id, about, covered, bytes(played.sent), faithful, alike)


def same(played: bytes | bytearray, sent: bytes | bytearray, *, cut: bool) -> bool:
    """A tape that was cut tells the beginning."""
    return played[: len(sent)] == sent if cut else played == sent


def course(played: Played) -> tuple[object, ...]:
    return played.course, played.verdicts, played.raised
