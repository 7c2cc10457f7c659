"""What drawing answers adds to the first load of a page, and the texts it needs."""

import gzip
import re

from tests.browser.answers import WORDS
from tests.house import ROOT
from webui.words import answer

ENTRY = ROOT / "static/js/webui/rendering/answer.js"
STYLE = ROOT / "static/css/webui/answer.css"
IMPORTED = re.compile(
    r"""^(?:import|export)\b[^;]*?["'](\.[^"']+)["'];""", re.MULTILINE
)
LIMIT_BYTES = 54_000  # of 120,000 for the whole page


def loaded_with(entry):
    """The entry and all that it imports before it runs."""
    found, waiting = set(), [entry]
    while waiting:
        path = waiting.pop().resolve()
        if path not in found:
            found.add(path)
            links = IMPORTED.findall(path.read_text())
            waiting += [path.parent / link for link in links]
    return found


def test_the_first_load_is_small():
    files = {*loaded_with(ENTRY), STYLE}
    names = {path.name for path in files}
    assert {"marked.esm.js", "purify.min.js", "reader.js"} <= names
    assert not {"katex.min.js", "highlight.min.js"} & names
    sizes = [len(gzip.compress(path.read_bytes(), 9)) for path in files]
    assert sum(sizes) < LIMIT_BYTES


def test_every_text_that_answers_show_is_there():
    assert answer.words().keys() == WORDS.keys()
