"""Words that are the wire's own and no person's: without them nothing decodes alike."""

import re
from collections.abc import Iterable

from gateway.conversation.tools import openings
from gateway.upstream import drift, failures
from gateway.upstream.gateway_frames import CHUNKS, EVENTS, SPEAKING_CHANNELS
from gateway.upstream.thinking import SYMBOLS

SEGMENT = re.compile(r"[^\W_]+")


def segments(*texts: Iterable[str]) -> set[str]:
    """The parts of names and phrases, in small letters."""
    return {
        part.lower() for one in texts for text in one for part in SEGMENT.findall(text)
    }


MARKUP = (
    *openings.NAMES,
    *openings.LANGUAGES,
    *openings.ENTRY_KEYS,
    "tool_name arguments argument citation_id grok render card_id card_type",
    "citation_card image_card generated_image_card file_card",
    "render_inline_citation render_searched_image render_generated_image render_file",
    "xai CDATA true false null data DONE event retry",
    *SYMBOLS,  # the names of upstream's own tools
    *(name.replace("_", "") for name in SYMBOLS),
)
JUDGED = (
    *failures.CREDENTIAL_MARKERS,
    *failures.CHALLENGE_SIGNS,
    *failures.ACCESS_WORDS,
    *failures.LIMIT_WORDS,
    *failures.POLICY_WORDS,
    *failures.ABSENCE_WORDS,
    failures.ANTI_BOT,
    failures.INVALID_WORDS,
    "doctype html rate_limit",
)
SPOKEN = (
    *drift.KNOWN,
    *drift.SESSION_EVENTS,
    *EVENTS,
    *CHUNKS,
    *SPEAKING_CHANNELS,
    "final header summary tool_usage_card raw_function_result",
    "CHANNEL_ANALYSIS CHANNEL_REASONING completed incomplete failed",
    "CITATION_KIND_WEB_PAGE CITATION_KIND_X_POST",
)

KEPT = frozenset(segments(MARKUP, JUDGED))
# Values of keys that name a kind of thing; elsewhere they are words like others.
KINDS = frozenset(segments(MARKUP, JUDGED, SPOKEN))
