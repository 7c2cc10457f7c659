import pytest

from tests.e2e.gateway_process import running_gateway
from tests.gateway.sandbox.process import running_sandbox
from tests.neighbours import fresh_store

POOLS = {
    "basic": [f"sandbox-basic-{n}" for n in range(4)],
    "super": [f"sandbox-super-{n}" for n in range(4)],
    "heavy": [f"sandbox-heavy-{n}" for n in range(4)],
}


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/e2e/" in item.path.as_posix():
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def sandbox():
    with running_sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def gateway(sandbox, tmp_path_factory):
    """A gateway with healthy accounts of all tiers, shared by tests that spare it."""
    data_dir = tmp_path_factory.mktemp("gateway")
    with running_gateway(data_dir, sandbox.url, POOLS) as running:
        yield running


@pytest.fixture
def launch(sandbox, tmp_path):
    """Start a gateway of one's own: `with launch({"super": [...]}, ...) as gateway`."""

    def start(accounts, **options):
        return running_gateway(tmp_path, sandbox.url, accounts, **options)

    return start


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.service),
        pytest.param("mariadb", marks=pytest.mark.service),
        pytest.param("redis", marks=pytest.mark.service),
    ]
)
def shared_store(request):
    """Start-up variables of each store that processes may share."""
    with fresh_store(request.param) as variables:
        yield variables
