"""The standard suite of LangChain for chat models, against a running gateway.

What needs files from the internet is left out; attachments have tests of their own.
"""

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

from tests.e2e.gateway_process import KEY, running_gateway
from tests.e2e.obedient import running_obedient

pytestmark = pytest.mark.load

POOLS = {"super": [f"sandbox-super-{n}" for n in range(4)]}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("langchain")
    with running_obedient() as upstream:
        with running_gateway(data_dir, upstream, POOLS) as gateway:
            yield f"{gateway.url}/v1"


# LangChain keeps one HTTP client for all its models, so all share a loop too.
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.filterwarnings("ignore::UserWarning")  # about its own use of pydantic
class TestChatOpenAI(ChatModelIntegrationTests):
    base_url = ""

    @pytest.fixture(autouse=True)
    def _where(self, address: str) -> None:
        type(self).base_url = address

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {
            "model": "grok-4.20-fast",
            "base_url": self.base_url,
            "api_key": KEY,
            "stream_usage": True,
            "max_retries": 0,
        }

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return False

    @property
    def model_override_value(self) -> str:
        return "grok-4.20-auto"
