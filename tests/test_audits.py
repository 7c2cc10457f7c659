"""The scan for secrets finds each form; the audit tells holes from silence."""

import pytest

from tests import audit, secret_scan

# In pieces, so that this file is no finding itself
LIVE = {
    "JSON web token": ("eyJ", "a" * 24, ".", "b" * 24, ".", "c" * 24),
    "private key": ("-----BEGIN RSA ", "PRIVATE KEY-----"),
    "key of this gateway": ("gk", "-", "a" * 43),
    "OpenAI": ("sk", "-proj-", "a" * 48),
    "Anthropic": ("sk", "-ant-api03-", "a" * 80),
    "xAI": ("xai", "-", "a" * 80),
    "AWS": ("AKIA", "A" * 16),
    "Google": ("AIza", "a" * 35),
    "GitHub": ("ghp", "_", "a" * 36),
    "GitLab": ("glpat", "-", "a" * 20),
    "Slack": ("xoxb", "-", "1" * 24),
    "Stripe": ("sk", "_live_", "a" * 24),
    "PyPI": ("pypi", "-AgE", "a" * 60),
    "npm": ("npm", "_", "a" * 36),
    "Telegram": ("123456789", ":AA", "a" * 33),
    "Cloudflare clearance": ("cf_clearance=", "a" * 64, "-1790000000-1.2"),
}


@pytest.mark.parametrize("name", secret_scan.FORMS)
def test_each_form_is_found(tmp_path, name):
    path = tmp_path / "file"
    path.write_text("x = '" + "".join(LIVE[name]) + "'\n")
    assert any(name in line for line in secret_scan.findings([str(path)]))


@pytest.mark.parametrize(
    "text",
    ["sk-test", "gk-" + "a" * 20, "eyJhbGciOi.x.y", "ghp_short", "one-token-of-a-test"],
)
def test_made_up_ones_are_left_alone(text):
    assert secret_scan.found_in(text.encode()) == []


HOLE = {"id": "PYSEC-1", "fix_versions": ["1.1"]}
KNOWN = {"name": "a", "version": "1.0", "vulns": [HOLE]}
SOUND = {"name": "b", "version": "2.0", "vulns": []}
SILENT = {"name": "c", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("dependencies", "code", "tolerated"),
    [
        ([SOUND], 0, 0),
        ([SOUND, KNOWN], 1, 1),
        ([SOUND, SILENT], 2, 0),
        ([SILENT], 2, 0),
    ],
)
def test_silence_is_neither_a_hole_nor_a_clean_bill(dependencies, code, tolerated):
    verdict = audit.Verdict()
    audit.of_pip({"dependencies": dependencies}, verdict)
    assert verdict.code(tolerant=False) == code
    assert verdict.code(tolerant=True) == tolerated
    assert any("NOT AUDITED" in line for line in verdict.lines()) == (
        SILENT in dependencies
    )


def test_a_line_that_is_cut_is_no_fault_of_the_tool():
    cut = "Traceback ...\nrequests.exceptions.ProxyError: HTTPSConnectionPool(...)\n"
    assert isinstance(audit.failed(cut), audit.Unreachable)
    assert not isinstance(audit.failed("usage: pip-audit\n"), audit.Unreachable)


def test_a_hole_is_told_with_what_mends_it():
    verdict = audit.Verdict()
    audit.of_pip({"dependencies": [KNOWN]}, verdict)
    assert verdict.holes == ["a 1.0: PYSEC-1, fixed in 1.1"]


def test_vendored_libraries_are_asked_about_too():
    assert "dompurify" in audit.vendored()
    verdict = audit.Verdict()
    audit.of_npm({"error": {}}, ["x"], verdict)
    audit.of_npm({"vulnerabilities": {"y": {"severity": "high"}}}, ["y"], verdict)
    assert (verdict.unanswered, verdict.holes) == (["x"], ["y: high"])
