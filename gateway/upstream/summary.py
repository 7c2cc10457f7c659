"""Thinking as headed bullets (upstream-protocol 3.6, summary mode).

A heuristic digest: it sorts sentences by keywords into four sections and drops what it
has said before. Token-sized pieces are joined to sentences first.
"""

from gateway.upstream.summary_words import (
    CHECK,
    CHINESE,
    CJK,
    CLAUSE_END,
    DECISIVE_TOPICS,
    ENGLISH,
    FINDING,
    GENERIC_HEADER,
    LATIN,
    NOT_A_WORD,
    OFFICIAL,
    PROGRESS,
    RUMOUR,
    SENTENCE_END,
    TOPICS,
    URL,
    Phrases,
    Section,
)
from gateway.upstream.thinking import Thought
from gateway.upstream.tool_cards import ToolUse

WAITING_MAX = 3
CLAUSES_MAX = 6
PIECE_MAX_CHARS = 15
TOPIC_LIMITS = {Section.SCOPE: 1, Section.EVIDENCE: 1, Section.FINDING: 2}
POST_SEARCHES = frozenset({"x_search", "x_keyword_search", "x_semantic_search"})
IMAGE_SEARCHES = frozenset({"search_images", "image_search"})


def topic_of(sentence: str) -> str:
    """The first known topic, or none."""
    for topic, pattern in TOPICS.items():
        if pattern.search(sentence):
            return topic
    return ""


def clause_score(clause: str) -> int:
    """How much a clause says: hard facts count more than talk."""
    facts = (FINDING, OFFICIAL, CHECK)
    score = 2 * sum(1 for pattern in facts if pattern.search(clause))
    return score + any(c.isdigit() for c in clause) + bool(topic_of(clause))


def best_clauses(message: str) -> list[str]:
    """The weightiest clauses in their own order."""
    clauses = [c for c in map(str.strip, CLAUSE_END.split(message)) if c]
    ranked = sorted(range(len(clauses)), key=lambda i: -clause_score(clauses[i]))
    return [clauses[i] for i in sorted(ranked[:CLAUSES_MAX])]


class Language:
    """Guesses the language of the bullets from the texts observed."""

    def __init__(self) -> None:
        self.phrases: Phrases | None = None
        self._latin_texts = 0

    def observe(self, sentence: str) -> None:
        """The first guess stands: titles of two languages in one answer help nobody."""
        if self.phrases is not None:
            return
        cjk, latin = len(CJK.findall(sentence)), len(LATIN.findall(sentence))
        self._latin_texts += latin >= 4
        if cjk >= 4 or cjk > max(2, latin / 2):
            self.phrases = CHINESE
        elif self._latin_texts >= 3:
            self.phrases = ENGLISH


class Bullets:
    """Prints bullets under titles, each title once, and refuses what repeats."""

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases
        self._printed: list[Section] = []
        self._seen: set[str] = set()
        self._topics: dict[tuple[Section, str], int] = {}

    def print(self, section: Section, sentence: str) -> str:
        sentence = sentence.strip()
        key = NOT_A_WORD.sub("", URL.sub("", sentence.lower()))
        place = self._place(section, sentence)
        if place is None or not key or key in self._seen:
            return ""
        if not self._has_room(place, topic_of(sentence)):
            return ""
        self._seen.add(key)
        if not sentence.endswith(SENTENCE_END):
            sentence += self._phrases.full_stop
        return f"{self._title(place)}- {sentence}\n"

    def _place(self, section: Section, sentence: str) -> Section | None:
        """Sections never go back: what comes too late moves on or is dropped."""
        reached = max(self._printed, default=Section.UNDERSTANDING)
        if section >= reached:
            return section
        if section == Section.UNDERSTANDING and reached < Section.FINDING:
            return reached
        decisive = topic_of(sentence) in DECISIVE_TOPICS or OFFICIAL.search(sentence)
        return reached if section == Section.EVIDENCE and decisive else None

    def _has_room(self, section: Section, topic: str) -> bool:
        limit = TOPIC_LIMITS.get(section)
        if not topic or limit is None:
            return True
        count = self._topics.get((section, topic), 0)
        self._topics[section, topic] = count + 1
        return count < limit

    def _title(self, section: Section) -> str:
        if section in self._printed:
            return ""
        gap = "\n" if self._printed else ""
        self._printed.append(section)
        return f"{gap}{self._phrases.titles[section]}\n"


class SummaryThinking:
    """The outline of RawThinking; what waits for a language comes out by `flush`."""

    def __init__(self) -> None:
        self._language = Language()
        self._bullets: Bullets | None = None
        self._waiting: list[Thought | ToolUse] = []
        self._piece: Thought | None = None
        self._agents_named = False
        self._searched = False

    def think(self, thought: Thought) -> str:
        if not is_piece(thought):
            return self._end_piece() + self._take(thought, thought.text)
        before = self._piece
        if before is None or not continues(before, thought):
            shown = self._end_piece()
            self._piece = thought
        else:
            shown = ""
            joined = before.text + thought.text
            self._piece = Thought(joined, thought.tag, thought.step, thought.rollout)
        if thought.text.endswith(SENTENCE_END):
            shown += self._end_piece()
        return shown

    def use(self, tool: ToolUse) -> str:
        return self._end_piece() + self._take(tool, tool.argument)

    def flush(self) -> str:
        shown = self._end_piece()
        return shown + self._release(self._language.phrases or ENGLISH)

    def _end_piece(self) -> str:
        thought, self._piece = self._piece, None
        return self._take(thought, thought.text) if thought is not None else ""

    def _take(self, event: Thought | ToolUse, observed: str) -> str:
        self._language.observe(observed)
        self._waiting.append(event)
        if self._language.phrases is not None:
            return self._release(self._language.phrases)
        if len(self._waiting) > WAITING_MAX:
            return self._release(ENGLISH)
        return ""

    def _release(self, phrases: Phrases) -> str:
        self._language.phrases = phrases
        if self._bullets is None:
            self._bullets = Bullets(phrases)
        waiting, self._waiting = self._waiting, []
        bullets = self._bullets
        pairs = (pair for event in waiting for pair in self._sort(event, phrases))
        return "".join(bullets.print(section, words) for section, words in pairs)

    def _sort(
        self, event: Thought | ToolUse, phrases: Phrases
    ) -> list[tuple[Section, str]]:
        if isinstance(event, ToolUse):
            return self._sort_tool(event, phrases)
        sentence = event.text.strip()
        if event.tag == "header":
            if GENERIC_HEADER.search(sentence):
                return []
            early = event.step <= 1 and not CHECK.search(sentence)
            return [(Section.UNDERSTANDING if early else Section.EVIDENCE, sentence)]
        sentence = sentence.lstrip("-–— ")
        return [(self._section(sentence, event.step), sentence)]

    def _section(self, sentence: str, step: int) -> Section:
        early = step <= 1
        if PROGRESS.search(sentence):
            return Section.EVIDENCE if CHECK.search(sentence) else Section.SCOPE
        if FINDING.search(sentence):
            if RUMOUR.search(sentence):
                return Section.EVIDENCE
            too_soon = early and not self._searched
            return Section.UNDERSTANDING if too_soon else Section.FINDING
        return Section.UNDERSTANDING if early else Section.SCOPE

    def _sort_tool(self, tool: ToolUse, phrases: Phrases) -> list[tuple[Section, str]]:
        if tool.name == "code_execution":
            return [(Section.EVIDENCE, phrases.code)]
        if not tool.argument:
            return []
        if tool.name == "web_search":
            return self._sort_search(tool, phrases)
        if tool.name == "chatroom_send":
            return [(self._section(c, 2), c) for c in best_clauses(tool.argument)]
        if tool.name in POST_SEARCHES:
            return [(Section.EVIDENCE, phrases.posts.format(tool.argument))]
        if tool.name == "browse_page":
            return [(Section.EVIDENCE, page(tool.argument, phrases))]
        if tool.name in IMAGE_SEARCHES:
            return [(Section.SCOPE, phrases.images.format(tool.argument))]
        return []

    def _sort_search(
        self, tool: ToolUse, phrases: Phrases
    ) -> list[tuple[Section, str]]:
        sorted_ = [(Section.SCOPE, phrases.search.format(tool.argument))]
        if tool.rollout.startswith("Agent"):
            self._searched = True
            if not self._agents_named:
                self._agents_named = True
                sorted_.append((Section.SCOPE, phrases.agents))
        return sorted_


def page(url: str, phrases: Phrases) -> str:
    """The page without its scheme: the deduplication leaves addresses out."""
    return phrases.page.format(url.split("://", 1)[-1])


def is_piece(thought: Thought) -> bool:
    """Whether the text is a part of a sentence: one short word, untagged as heading."""
    words = thought.text.strip()
    if thought.tag == "header" or thought.text.startswith("- "):
        return False
    return len(words) <= PIECE_MAX_CHARS and len(words.split()) <= 1


def continues(before: Thought, thought: Thought) -> bool:
    """Whether both are parts of one sentence."""
    return (before.tag, before.step, before.rollout) == (
        thought.tag,
        thought.step,
        thought.rollout,
    )
