"""A replay in lines for people."""

from collections import Counter
from collections.abc import Iterator

from gateway.captures.document import Capture
from gateway.captures.replay import Played
from gateway.tape import Asked, Ended, Failed, Heard, Step

AROUND_BYTES = 60
LINE_CHARS = 300


def summary(capture: Capture, played: Played) -> Iterator[str]:
    about, recipe, tape = capture.about, capture.tape.recipe, capture.tape
    yield f"Request {capture.request_id} of {about.get('at')}, {about.get('endpoint')}"
    yield f"Made by gateway {about.get('gateway')}: {about.get('status')} " + str(
        about.get("error_code")
    )
    if recipe is not None:
        yield f"Encoded by {recipe.protocol}, {'stream' if recipe.stream else 'whole'}"
    heard = [step for step in tape.steps if isinstance(step, Heard)]
    size = sum(len(step.data) for step in heard)
    forms = ", ".join(step.form for step in tape.steps if isinstance(step, Asked))
    yield f"Heard {size} bytes in {len(heard)} reads ({forms})"
    kinds = Counter(line.split()[0] for line in played.course)
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    yield f"Decoded to {told or 'nothing'}"
    for then, now in played.verdicts:
        yield f"Judged as {now or 'nothing'}" + ("" if then == now else f", not {then}")
    yield from (f"Raised {name}" for name in played.raised)
    yield f"Encoded to {len(played.sent)} bytes"
    yield from doubts(capture)


def doubts(capture: Capture) -> Iterator[str]:
    if not capture.faithful:
        yield "When it was made, it did not give the bytes that had been sent."
    if not capture.alike:
        yield "Without its words it goes another way than it went."
    if capture.tape.cut:
        yield "It was too long: only its beginning is here."


def difference(capture: Capture, played: Played) -> str:
    """Empty if there is none."""
    if wrong := played.misjudged:
        then, now = wrong
        return f"Decoded differently: {now or 'no failure'} in place of {then}."
    before, after = capture.sent, bytes(played.sent)
    if before == after:
        return ""
    pairs = enumerate(zip(before, after, strict=False))
    at = next((n for n, (a, b) in pairs if a != b), min(len(before), len(after)))
    start = max(0, at - AROUND_BYTES)
    shown = (one[start : at + AROUND_BYTES] for one in (before, after))
    first, second = (one.decode("utf-8", "backslashreplace") for one in shown)
    return f"Encoded differently from byte {at} on:\n- {first!r}\n+ {second!r}"


def stages(played: Played) -> Iterator[str]:
    for number, (step, events, sent) in enumerate(played.stages):
        yield clipped(f"{number} {named(step)}")
        yield from (clipped(f"    {event!r}") for event in events)
        if sent:
            yield clipped(f"    > {sent.decode('utf-8', 'backslashreplace')!r}")


def named(step: Step) -> str:
    name = type(step).__name__.lower()
    match step:
        case Heard():
            return f"{name} {step.data.decode('utf-8', 'backslashreplace')!r}"
        case Asked():
            return f"{name} {step.form}"
        case Failed():
            return f"{name} {step.fault} {step.cause} {step.status or ''}".rstrip()
        case Ended():
            return f"{name} {step.code}: {step.message}"
    return name


def clipped(line: str) -> str:
    return line if len(line) <= LINE_CHARS else f"{line[:LINE_CHARS]}..."
