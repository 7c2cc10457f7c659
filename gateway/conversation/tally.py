"""How far several calls for pictures are, all together."""

from collections.abc import Sequence

from gateway.conversation.events import Event, MediaProgress, MediaReady


class Tally:
    """How far all calls of a request are; tells progress only when it rises."""

    def __init__(self, wanted: int, calls: int) -> None:
        self.calls = calls
        self.ready = 0
        self._wanted = wanted
        self._percents = [0] * calls
        self._told = 0

    def counted(self, place: int, events: Sequence[Event]) -> Sequence[Event]:
        passed: list[Event] = []
        for event in events:
            if isinstance(event, MediaProgress) and not event.media_id:
                self._percents[place] = max(self._percents[place], event.percent)
                passed += self._progress()
                continue
            if isinstance(event, MediaReady):
                if self.ready >= self._wanted:
                    continue
                self.ready += 1
                passed += self._progress()
            passed.append(event)
        return passed

    def _progress(self) -> list[Event]:
        mean = sum(self._percents) // self.calls
        percent = min(100, max(mean, self.ready * 100 // self._wanted))
        if percent <= self._told:
            return []
        self._told = percent
        return [MediaProgress("", percent)]
