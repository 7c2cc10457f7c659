"""The page of conformance: how outcomes become verdicts, and that the page is whole."""

import re

import pytest

from tests import conformance
from tests.conformance import ROWS, Outcomes, Row
from tests.house import ROOT

ROW = Row("A client", "", "chat", ("front_ends::understood[a/",))
TEST = "tests/e2e/test_front_ends.py::test_it_is_understood[a/{}]"
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (["passed", "passed"], "pass (2)"),
        (["passed", "skipped"], "pass (1, 1 left out)"),
        (["passed", "failed"], "**fail** (1 of 2 tests)"),
        (["skipped", "skipped"], "not tried"),
        ([], "not tried"),
    ],
)
def test_only_what_ran_and_passed_is_a_pass(outcomes, said):
    found = {TEST.format(n): outcome for n, outcome in enumerate(outcomes)}
    assert conformance.verdict(ROW, found) == said


def test_tests_of_others_do_not_count():
    found = {TEST.format(1).replace("[a/", "[b/"): "passed"}
    assert conformance.verdict(ROW, found) == "not tried"


def report(outcome):
    return pytest.TestReport("t", ("t", 1, "t"), {}, outcome, None, "call")


@pytest.mark.parametrize(
    ("phases", "outcome"),
    [
        (("passed", "passed", "passed"), "passed"),
        (("passed", "failed", "passed"), "failed"),
        (("passed", "passed", "failed"), "failed"),
        (("skipped", "passed"), "skipped"),
        (("passed", "skipped", "passed"), "skipped"),
    ],
)
def test_the_worst_phase_counts(phases, outcome):
    outcomes = Outcomes()
    for phase in phases:
        outcomes.pytest_runtest_logreport(report(phase))
    assert outcomes.found == {"t": outcome}


def test_every_row_names_tests_that_are_there():
    for row in ROWS:
        for file in row.files:
            assert (ROOT / file).is_file(), file


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_page_has_every_row_with_the_pinned_version():
    """A client that was renewed or a row that was added: `make conformance`."""
    lines = conformance.PAGE.read_text().splitlines()
    shown = [cells(line) for line in lines if line.startswith("| ")][2:]
    told = [(client, version, what) for client, version, what, _ in shown]
    pins = dict(PINNED.findall((ROOT / "requirements/dev.txt").read_text()))
    assert told == [
        (
            row.client,
            f"{row.package} {pins[row.package]}" if row.package else "-",
            row.capability,
        )
        for row in ROWS
    ]


def test_the_page_holds_passes_only():
    """What fails is mended, or said in clients.md and taken out of the table."""
    lines = conformance.PAGE.read_text().splitlines()
    verdicts = [cells(line)[-1] for line in lines if line.startswith("| ")][2:]
    assert [one for one in verdicts if not one.startswith("pass (")] == []
