"""Which client can do what, from the outcome of the tests that use it.

`python -m tests.conformance` runs them and writes the page; nothing else does, so that
it cannot say "pass" of what was not tried. A row names its tests by file and, after
`::`, by a part of the name.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "conformance.md"
E2E = "tests/e2e/test_"


@dataclass(frozen=True)
class Row:
    """`package`: the client's distribution; empty where its calls were recorded."""

    client: str
    package: str
    capability: str
    tests: tuple[str, ...]

    def owns(self, test: str) -> bool:
        return any(self._matches(test, named) for named in self.tests)

    def _matches(self, test: str, named: str) -> bool:
        file, _, part = named.partition("::")
        path, _, name = test.partition("::")
        return path == f"{E2E}{file}.py" and part in name

    @property
    def files(self) -> set[str]:
        return {f"{E2E}{named.partition('::')[0]}.py" for named in self.tests}


def rows(
    client: str, package: str, **capabilities: str | tuple[str, ...]
) -> Iterable[Row]:
    for name, tests in capabilities.items():
        named = (tests,) if isinstance(tests, str) else tests
        yield Row(client, package, name.replace("_", " "), named)


def recorded(front_end: str, name: str) -> Row:
    """Every call that was recorded of it, answered and read as it reads answers."""
    return Row(name, "", "recorded calls", (f"front_ends::understood[{front_end}",))


ROWS: tuple[Row, ...] = (
    *rows(
        "OpenAI SDK",
        "openai",
        chat="openai_sdk::test_a_plain_call",
        chat_streams=(
            "openai_sdk::test_a_stream",
            "openai_sdk::test_the_stream_helper",
            "openai_sdk::test_the_client_for_event_loops",
        ),
        tools=(
            "openai_sdk::tool",
            "openai_sdk::test_a_call_comes",
            "openai_sdk::test_arguments_are_parsed",
        ),
        structured_output="openai_sdk::test_an_answer_is_parsed",
        models="openai_sdk::models",
        responses="openai_responses::test_a_plain_call",
        responses_streams=(
            "openai_responses::test_a_plain_stream",
            "openai_responses::test_the_stream_helper",
        ),
        responses_tools="responses_tools::test_calls_fold",
        stored_responses=(
            "openai_responses::test_it_is_retrieved",
            "openai_responses::test_a_conversation_goes_on",
            "openai_responses::test_input_items",
        ),
        images=("images_sdk::test_links", "images_sdk::test_bytes"),
        image_streams="images_sdk::test_a_stream",
        image_edits="images_sdk::test_edits",
        videos=("videos_sdk::test_a_job", "videos_sdk::test_the_list"),
        errors=(
            "openai_sdk::test_a_wrong_key",
            "openai_sdk::test_an_unknown_model",
            "openai_sdk::test_a_break",
        ),
    ),
    *rows(
        "Anthropic SDK",
        "anthropic",
        messages="anthropic_sdk::test_a_plain_call",
        streams="anthropic_sdk::test_the_stream_helper",
        tools=("anthropic_sdk::call",),
        thinking="anthropic_sdk::test_thinking",
        structured_output="anthropic_sdk::test_parsed_output",
        web_search="anthropic_sdk::test_a_web_search",
        counting_tokens="anthropic_sdk::test_counting",
        models="anthropic_sdk::models",
        errors=(
            "anthropic_sdk::test_a_wrong_key",
            "anthropic_sdk::test_an_unknown_model",
            "anthropic_sdk::test_an_answer_that_breaks",
        ),
    ),
    *rows("LangChain", "langchain-openai", standard_suite="langchain_openai"),
    *rows("LangChain", "langchain-anthropic", standard_suite="langchain_anthropic"),
    *rows(
        "plain HTTP",
        "httpx",
        chat=("answers::test_the_documented_call", "answers::test_a_whole_answer"),
        attachments="attachments",
        files_and_ranges="files",
    ),
    *rows("curl, the documented lines", "", all="documented_calls"),
    *rows(
        "Claude Code",
        "",
        first_turn="claude_code::test_the_first_turn",
        parallel_calls="claude_code::test_parallel_calls",
        results_and_images="claude_code::test_results",
        web_search="claude_code::test_its_web_search",
        counting_tokens="claude_code::test_the_count",
    ),
    *rows("Codex CLI", "", recorded_calls="responses_tools::codex"),
    recorded("cherry-studio", "Cherry Studio"),
    recorded("lobechat", "LobeChat"),
    recorded("open-webui", "Open WebUI"),
    recorded("sillytavern", "SillyTavern"),
    recorded("nextchat", "NextChat"),
)


@dataclass
class Outcomes:
    """A pytest plugin: what became of each test, the worst of its phases."""

    found: dict[str, str] = field(default_factory=dict)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if any(r.owns(item.nodeid) for r in ROWS)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        known = self.found.get(report.nodeid)
        if report.failed or known is None or (report.skipped and known != "failed"):
            self.found[report.nodeid] = report.outcome


def verdict(row: Row, found: Mapping[str, str]) -> str:
    """Only tests that ran and passed, and at least one of them, are a pass."""
    counts = Counter(what for test, what in found.items() if row.owns(test))
    if counts["failed"]:
        return f"**fail** ({counts['failed']} of {counts.total()} tests)"
    if not counts["passed"]:
        return "not tried"
    aside = f", {counts['skipped']} left out" if counts["skipped"] else ""
    return f"pass ({counts['passed']}{aside})"


def version_of(row: Row) -> str:
    return f"{row.package} {metadata.version(row.package)}" if row.package else "-"


HEAD = """\
# Conformance

What each client can do here, as its tests found it: `make conformance` runs them over a
gateway and a sandbox and writes this page, and nothing else does. In brackets is how
many tests passed. Clients without a version were tried in the calls recorded of them;
[Clients that were tried](clients.md) tells how, and what each needs.

| Client | Version | Capability | |
| --- | --- | --- | --- |
"""


def page(found: Mapping[str, str]) -> str:
    lines = [
        f"| {row.client} | {version_of(row)} | {row.capability} | {said} |"
        for row in ROWS
        for said in [verdict(row, found)]
    ]
    return HEAD + "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("--write", type=Path, default=PAGE, metavar="FILE")
    options = parser.parse_args()
    outcomes = Outcomes()
    files = sorted({file for row in ROWS for file in row.files})
    arguments = ["-q", "-p", "no:cacheprovider", "-m", "not service", *files]
    ended = pytest.main(arguments, plugins=[outcomes])
    if ended not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        return int(ended)  # nothing was found out, so nothing is written
    options.write.write_text(page(outcomes.found))
    return int(ended)


if __name__ == "__main__":
    sys.exit(main())
