"""Schemathesis over the OpenAPI documents of a gateway that runs.

Cases come from the documents as they are served: boundary values of every field
(coverage), generated ones, good and bad (fuzzing), and calls that use what earlier ones
answered (stateful). So that they get further than "no such model", some of them name
what is there.
"""

import time
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import schemathesis
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import BaseSchema, Case, HookContext, Response
from schemathesis.config import HealthCheck, SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

Json = Any  # bodies of any kind
AnyCase = Case[Any]  # of whichever operation

# Left out: whether bad data is refused and good data taken (dialects ignore members
# that they do not know, and rules join fields in ways that no schema says), and headers
# that must be there (none must: a key is only asked for where one is set).
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "unsupported_method",
]
PHASES = ["examples", "coverage", "fuzzing", "stateful"]
RANDOM = ("fuzzing", "stateful")
TIMEOUT_S = 60
MOST_ROUNDS = 40
CONFIG = "POST /admin/api/config"
# The base URL is also the page of people, whose forms ask for their token first.
EXCUSED = {("HEAD /", "Wrong response to undeclared method")}


@dataclass
class Report:
    """What became of the cases of one document."""

    name: str
    cases: int = 0
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        pace = self.cases / self.seconds if self.seconds else 0.0
        told = ", ".join(
            f"{status}: {n}" for status, n in sorted(self.statuses.items())
        )
        return (
            f"{self.name}: {self.cases} cases of {len(self.operations)} operations in "
            f"{self.seconds:.0f} s, {pace:.0f} a second ({told})"
        )


@dataclass
class Fuzz:
    """One document, the key that opens it, and what its gateway knows by name."""

    url: str
    path: str
    key: str
    known: Mapping[str, tuple[str, ...]]
    settings: tuple[str, ...] = ()

    def run(self, wanted: int, examples: int, phases: Iterable[str] = PHASES) -> Report:
        """At least this many cases, in rounds of so many examples an operation.

        Examples and boundary values are the same in every round: the first has them.
        """
        report, chosen = Report(self.path), list(phases)
        begun = time.monotonic()
        for seed in range(MOST_ROUNDS):
            for event in from_schema(self.schema(examples, seed, chosen)).execute():
                note(event, report)
            if report.cases >= wanted or report.failures:
                break
            chosen = [phase for phase in chosen if phase in RANDOM]
        report.seconds = time.monotonic() - begun
        return report

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def schema(self, examples: int, seed: int, phases: list[str]) -> BaseSchema:
        config = SchemathesisConfig(seed=seed)
        project = config.projects.default
        project.update(
            base_url=self.url,
            headers=self.headers(),
            request_timeout=TIMEOUT_S,
            continue_on_failure=True,
            suppress_health_check=[HealthCheck.all],
        )
        project.checks.update(included_check_names=CHECKS)
        project.phases.update(phases=phases)
        project.generation.update(
            max_examples=examples, database="none", no_shrink=True
        )
        document = httpx.get(self.url + self.path, headers=self.headers())
        schema = schemathesis.openapi.from_dict(document.json(), config=config)
        hook(schema, self)
        return schema

    def name_what_is_known(self, body: Json) -> Json:
        """Half of the members whose name is known get one of the known values."""
        if not isinstance(body, dict):
            return body
        return {name: self.chosen(name, value) for name, value in body.items()}

    def chosen(self, name: str, value: Json) -> Json:
        choices = self.known.get(name)
        draw = zlib.crc32(repr(value).encode())
        if not choices or draw % 2:
            return value
        choice = choices[draw // 2 % len(choices)]
        return [choice] if isinstance(value, list) else choice

    def name_settings(
        self, context: HookContext, strategy: SearchStrategy[Json]
    ) -> SearchStrategy[Json]:
        """Any value for a setting that there is; the schema says "an object"."""
        operation = context.operation
        if operation is None or operation.label != CONFIG or not self.settings:
            return strategy
        numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        plain = st.none() | st.booleans() | numbers | st.text()
        values = plain | st.lists(plain, max_size=3)
        named = st.dictionaries(st.sampled_from(self.settings), values, min_size=1)
        return strategy | named

    def reset_settings(self, case: AnyCase, response: Response) -> None:
        """A setting that was taken is put back: the rest shall meet the same gateway.

        The keys of the API and of the console are in the environment, over which no
        call prevails: whatever is posted, the fuzzer can put it back.
        """
        if case.operation.label != CONFIG or response.status_code != 200:
            return
        answer = httpx.post(
            f"{self.url}/admin/api/config?lenient=true",
            headers=self.headers(),
            json=emptied(case.body),
            timeout=TIMEOUT_S,
        )
        answer.raise_for_status()


def hook(schema: BaseSchema, fuzz: Fuzz) -> None:
    """Schemathesis takes functions alone, and knows them by their names."""

    @schema.hook
    def map_body(context: HookContext, body: Json) -> Json:
        return fuzz.name_what_is_known(body)

    @schema.hook
    def before_generate_body(
        context: HookContext, strategy: SearchStrategy[Json]
    ) -> SearchStrategy[Json]:
        return fuzz.name_settings(context, strategy)

    @schema.hook
    def after_call(context: HookContext, case: AnyCase, response: Response) -> None:
        fuzz.reset_settings(case, response)


def emptied(body: Json) -> Json:
    """The same tables with null for every value, which takes it out of them."""
    if not isinstance(body, dict):
        return None
    return {name: emptied(value) for name, value in body.items()}


def note(event: events.EngineEvent, report: Report) -> None:
    if isinstance(event, events.FatalError):
        report.failures["the run"] = repr(event.exception)
    if isinstance(event, events.NonFatalError):
        report.failures[f"{event.label}: {event.value!r}"[:300]] = repr(event.value)
    if isinstance(event, events.ScenarioFinished) and event.is_test_scenario:
        note_scenario(event.recorder, report)


def note_scenario(recorder: ScenarioRecorder, report: Report) -> None:
    for case_id, interaction in recorder.interactions.items():
        report.cases += 1
        report.operations[recorder.cases[case_id].value.operation.label] += 1
        if interaction.response is not None:
            report.statuses[interaction.response.status_code] += 1
    for case_id, checks in recorder.checks.items():
        label = recorder.cases[case_id].value.operation.label
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                if (label, failure.title) in EXCUSED:
                    continue
                sample = check.failure_info.code_sample
                told = f"{failure.title}: {failure.message}\n{sample}"
                report.failures.setdefault(f"{label}: {failure.title}", told)
