"""Whatever the documents allow and forbid is answered as they say (decisions 54)."""

import os

import httpx
import pytest

from tests.e2e.conftest import POOLS
from tests.e2e.gateway_process import KEY, eventually, running_gateway
from tests.e2e.schema_fuzz import Fuzz

# Hypothesis says so of large bodies, which are what is wanted here.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
CONSOLE_KEY = "console-key-0123456789"
OPERATOR = {"Authorization": f"Bearer {CONSOLE_KEY}"}
CASES = int(os.environ.get("FUZZ_CASES", "5000"))
TOKENS = tuple(token for pool in POOLS.values() for token in pool)
MODELS = (
    "grok-4.20-fast",
    "grok-imagine-image-lite",
    "grok-imagine-image-edit",
    "grok-imagine-video",
)
TEXTS = {"model": MODELS}
# Examples of each operation: in the short run, and in a round of the long one.
FEW = {"v1": 2, "anthropic": 4, "admin": 1}
MANY = {"v1": 60, "anthropic": 600, "admin": 40}
OPERATORS = {"model": MODELS, "token": TOKENS, "old_token": TOKENS, "tokens": TOKENS}


@pytest.fixture(scope="module")
def fuzzed(sandbox, tmp_path_factory):
    """A gateway whose keys stand in its environment, which no call can change."""
    folder = tmp_path_factory.mktemp("fuzzed")
    with running_gateway(
        folder, sandbox.url, {}, GROK_APP_APP_KEY=CONSOLE_KEY
    ) as running:
        assert restocked(running)
        yield running


@pytest.mark.parametrize("name", FEW)
def test_a_few_cases_of_every_operation(fuzzed, name):
    fuzz = fuzz_of(fuzzed.url, name)
    report = fuzz.run(1, FEW[name], ["fuzzing"])
    assert report.failures == {}
    assert set(report.operations) == operations(fuzz)
    assert restocked(fuzzed)


@pytest.mark.load
@pytest.mark.parametrize("name", MANY)
def test_thousands_of_cases(fuzzed, name, capsys):
    """FUZZ_CASES of each document, 5,000 unless told; what they were is printed."""
    fuzz = fuzz_of(fuzzed.url, name)
    report = fuzz.run(CASES, MANY[name])
    with capsys.disabled():
        print(f"\n{report}")  # noqa: T201 - the figures are what the run is for
    assert report.failures == {}
    assert report.cases >= CASES
    assert set(report.operations) == operations(fuzz)
    assert restocked(fuzzed)


def operations(fuzz: Fuzz) -> set[str]:
    paths = httpx.get(fuzz.url + fuzz.path, headers=fuzz.headers()).json()["paths"]
    return {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method in methods
    }


def restocked(gateway) -> bool:
    """Whether it serves once it has the accounts that calls of operators may delete."""
    url = f"{gateway.url}/admin/api/tokens"
    replaced = httpx.post(url, headers=OPERATOR, json=POOLS, timeout=60)
    replaced.raise_for_status()
    body = {"tokens": list(TOKENS), "disabled": False}
    again = httpx.post(f"{url}/disabled/batch", headers=OPERATOR, json=body, timeout=60)
    again.raise_for_status()
    return bool(eventually(lambda: still_serves(gateway), 30))


def still_serves(gateway) -> bool:
    chat = {"model": MODELS[0], "messages": [{"role": "user", "content": "Hi"}]}
    answer = httpx.post(
        f"{gateway.url}/v1/chat/completions",
        headers=gateway.headers(),
        json=chat | {"stream": False},
        timeout=30,
    )
    return answer.status_code == httpx.get(f"{gateway.url}/readyz").status_code == 200


def fuzz_of(url: str, name: str) -> Fuzz:
    if name != "admin":
        path = {"v1": "/v1/openapi.json", "anthropic": "/v1/openapi-anthropic.json"}
        return Fuzz(url, path[name], KEY, TEXTS)
    tree = httpx.get(f"{url}/admin/api/config", headers=OPERATOR).json()
    settings = tuple(names(tree))
    return Fuzz(url, "/admin/api/openapi.json", CONSOLE_KEY, OPERATORS, settings)


def names(tree, prefix=""):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from names(value, f"{prefix}{name}.")
        else:
            yield prefix + name
