import pytest

from tests.browser.surfing import Visitor, browser


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


@pytest.fixture
def visit(chromium):
    """A visitor of a gateway with cookies of its own: `visit(gateway)`."""
    contexts = []

    def begin(gateway, **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        return Visitor(context.new_page(), gateway.url)

    yield begin
    for context in contexts:
        context.close()
