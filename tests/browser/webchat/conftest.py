import pytest

from tests.browser.chatting import Chat
from tests.e2e.conftest import POOLS
from tests.e2e.gateway_process import running_gateway
from tests.gateway.sandbox.process import running_sandbox

SETTINGS = {
    "GROK_APP_APP_KEY": "a console key for tests",
    "GROK_APP_WEBUI_ENABLED": "true",
    "GROK_APP_WEBUI_KEY": "",
    "GROK_WEBUI_CHAT_PER_MIN": "1000",
    "GROK_ACCOUNT_REFRESH_ENABLED": "false",
}


@pytest.fixture(scope="package")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("webchat")
    with running_sandbox() as sandbox:
        with running_gateway(
            folder, sandbox.url, POOLS, "granian", 1, **SETTINGS
        ) as running:
            yield running


@pytest.fixture
def context(chromium):
    made = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield made
    made.close()


@pytest.fixture
def chat(context, gateway):
    return Chat.in_tab_of(context, gateway.url)
