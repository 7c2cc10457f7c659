"""Every finding has words, and what is at fault says what to do."""

import re
from pathlib import Path

import pytest

from gateway import doctor
from gateway.doctor import wording
from gateway.doctor.failures_said import CAUSES
from gateway.doctor.findings import (
    LAYERS,
    Case,
    Check,
    Finding,
    Report,
    State,
    failed,
    of_code,
    ok,
)
from gateway.doctor.rungs_said import RUNGS
from gateway.egress.causes import TABLE, Layer

SOURCE = "".join(
    path.read_text()
    for path in Path(doctor.__path__[0]).glob("*.py")
    if "said" not in path.name
)
GIVEN = r"""(?:ok|note|skipped|failed|refused)\(\s*(?:Check\.\w+,\s*)?"(\w+)\""""


def test_every_code_has_words():
    used = set(re.findall(GIVEN, SOURCE))
    assert len(used) > 40
    assert used - RUNGS.keys() == set()


def test_every_fault_says_what_to_do():
    faults = set(re.findall(r"""failed\(\s*Check\.\w+,\s*"(\w+)\"""", SOURCE))
    ends = {"refused_here", "too_long"}
    assert {code for code in faults if not str(RUNGS[code][1])} <= ends


def test_every_cause_has_words_and_a_rung():
    assert CAUSES.keys() == TABLE.keys()
    for code, cause in TABLE.items():
        finding = of_code(code)
        assert finding.at is cause.layer
        assert wording.seen(finding.stored()) == str(CAUSES[code])
        assert wording.remedy(finding.stored()) == str(cause.remedy)


def test_checks_and_layers_have_names():
    assert wording.CHECKS.keys() == {str(check) for check in Check} == set(LAYERS)
    assert wording.LAYERS.keys() == {str(layer) for layer in Layer}
    assert wording.STATES.keys() == {str(state) for state in State}


def test_a_failure_nobody_knows_is_told_as_upstreams():
    assert of_code("").check is Check.UPSTREAM


@pytest.mark.parametrize(
    "finding", [{}, {"code": "quota"}, {"code": "of-another-version", "about": 3}]
)
def test_a_row_of_another_version_does_no_harm(finding):
    assert isinstance(wording.seen(finding), str)
    assert isinstance(wording.remedy(finding), str)
    assert wording.verdict({"cases": [finding]}) == "It was not finished."


def case(finding: Finding, node: str = "a") -> Case:
    return Case(node, "", "", (finding,))


BAD = failed(Check.CONNECT, "cause_proxy_auth", layer=Layer.PROXY, cause="proxy_auth")


def test_ways_that_all_fail_by_the_same_are_told_so():
    assert Report((case(BAD), case(BAD, "b"))).alike
    assert not Report((case(BAD),)).alike
    assert not Report((case(BAD), case(ok(Check.CONNECT), "b"))).alike


def test_the_document_has_its_words_in_english():
    document = wording.told(Report((case(BAD),), 7).stored())
    assert document["sound"] is False
    assert document["verdict"] == (
        "At fault is the proxy (Connection): "
        "The proxy does not accept its user name or password."
    )
    (told,) = wording.cases_of(document)
    assert wording.guilty_of(told) == wording.findings_of(told)[0]
    assert "correct them" in str((wording.guilty_of(told) or {})["remedy"])
