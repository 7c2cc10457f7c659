"""Finds tool calls in streamed text, whatever its chunking (public-api 7.4)."""

import logging

from gateway.conversation.events import ToolCall
from gateway.conversation.requests import ToolChoice, Tools
from gateway.conversation.tools.finding import CAPTURE_LIMIT_CHARS, Finder
from gateway.conversation.tools.judging import Judge, Verdict

logger = logging.getLogger(__name__)

LEFT_OUT = "left out %d tool calls of a model: %s"
CORRECTION = (
    "A first attempt at this answer was refused: {problem}. To call tools, answer with "
    "the <tool_calls> block alone, exactly in the form shown."
)
NOT_A_CALL = "it held no call in the form shown"
NO_CALL = "it called no tool, which is demanded"


class ToolSieve:
    """A text filter that keeps calls out of the visible text.

    With `may_ask_again`, text that would have to be taken back if the model is asked
    once more is held until `close`. `calls` and `correction` are final after `close`;
    `correction` is the line to ask again with, empty where that is not called for,
    and what `close` gives is then the text to show if nobody asks again.

    What is held: while a call is demanded and can be asked for again, all text; in any
    other case that which may be a block, and, if the answer began with a block that was
    no good and can be asked for again, all that follows. Once anything is shown the
    answer is not taken back; a demand that is not met is then left at that.
    """

    def __init__(self, tools: Tools, *, may_ask_again: bool = True) -> None:
        self._ledger = Findings(
            may_ask_again=may_ask_again,
            demanded=tools.choice is ToolChoice.REQUIRED,
        )
        self._finder = Finder(Judge(tools), self._ledger)
        self.correction = ""

    @property
    def calls(self) -> list[ToolCall]:
        return self._ledger.calls

    @property
    def done(self) -> bool:
        """Calls are complete, nothing more needs to be read."""
        return bool(self._ledger.calls)

    def feed(self, text: str) -> str:
        """The text that can be shown now."""
        self._finder.feed(text)
        return self._ledger.shown()

    def close(self) -> str:
        """The rest of the text, right-trimmed before calls."""
        self._finder.close()
        self.correction = self._ledger.correction()
        self._ledger.release()
        return self._ledger.shown()


class Findings:
    """The ledger of one answer: what is shown, what is held, what is called."""

    def __init__(self, *, may_ask_again: bool, demanded: bool) -> None:
        self.calls: list[ToolCall] = []
        self.patient = may_ask_again  # while nothing was shown
        self._demanded = demanded
        self._holding = may_ask_again and demanded
        self._problem = ""
        self._held: list[str] = []
        self._held_chars = 0
        self._out: list[str] = []

    def text(self, text: str) -> None:
        if not text:
            return
        if not self._holding:
            self._show(text)
            return
        self._held.append(text)
        self._held_chars += len(text)
        if self._held_chars > CAPTURE_LIMIT_CHARS:
            self.release()

    def block(self, raw: str, verdict: Verdict) -> bool:
        if verdict.calls:
            self.calls.extend(verdict.calls)
            if verdict.left_out:
                logger.info(LEFT_OUT, len(verdict.left_out), set(verdict.left_out))
            self.release()
            return True
        if self.patient:
            self._holding = True
            self._problem = self._problem or verdict.problem or NOT_A_CALL
        self.text(raw)
        return False

    def correction(self) -> str:
        if self.calls or not self.patient:
            return ""
        problem = self._problem or (NO_CALL if self._demanded else "")
        return CORRECTION.format(problem=problem) if problem else ""

    def release(self) -> None:
        """Show what is held; from then on nothing is held any more."""
        self._holding = False
        for text in self._held:
            self._show(text)
        self._held.clear()

    def shown(self) -> str:
        """What can be shown since this was last asked."""
        text = "".join(self._out)
        self._out.clear()
        return text

    def _show(self, text: str) -> None:
        self._out.append(text)
        self.patient = False
