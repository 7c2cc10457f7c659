"""The standard chat model tests of LangChain, with its Anthropic model.

No model answers here: what upstream shall say is decided from the request as it leaves
and handed to the sandbox as directives.
"""

import json
import re
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.base import LanguageModelInput
from langchain_tests.integration_tests import ChatModelIntegrationTests

Json = dict[str, Any]  # LangChain's own shapes
QUOTED = re.compile("'([^']+)'")
pytestmark = [
    pytest.mark.load,
    pytest.mark.asyncio(loop_scope="module"),  # LangChain's clients outlive a test
    pytest.mark.filterwarnings("ignore:.*but it is not an async function"),
    pytest.mark.filterwarnings("ignore:Benchmark fixture was not used"),
]


def sample(schema: Json, asked: str) -> Any:  # JSON of any kind
    """A value of a schema; a string is what the question quotes."""
    if "anyOf" in schema:
        return sample(schema["anyOf"][0], asked)
    match schema.get("type"):
        case "object":
            members = schema.get("properties", {})
            return {name: sample(inner, asked) for name, inner in members.items()}
        case "array":
            return []
        case "integer" | "number":
            return 3
        case "boolean":
            return True
    found = QUOTED.search(asked)
    return found[1] if found else "San Francisco"


def directives(payload: Json) -> str:
    """What upstream shall say to this request; empty where its own words will do."""
    last = payload["messages"][-1]["content"]
    asked = last if isinstance(last, str) else ""
    wanted = payload.get("output_config", {}).get("format")
    if wanted:
        return f"[[text={json.dumps(sample(wanted['schema'], asked))}]]"
    tools = payload.get("tools")
    if not tools or payload.get("tool_choice", {}).get("type") == "none":
        return ""
    if isinstance(last, list) and any(b["type"] == "tool_result" for b in last):
        return "[[text=So it is 5.]]"
    name = payload.get("tool_choice", {}).get("name", tools[0]["name"])
    (schema,) = (tool["input_schema"] for tool in tools if tool["name"] == name)
    return f"[[toolcall={name}]] [[toolargs={json.dumps(sample(schema, asked))}]]"


class Scripted(ChatAnthropic):
    def _get_request_payload(
        self,
        input_: LanguageModelInput,
        *,
        stop: list[str] | None = None,
        **kwargs: dict,  # type: ignore[type-arg] # as the parent has it
    ) -> dict:  # type: ignore[type-arg] # likewise
        payload = super()._get_request_payload(input_, stop=stop, **kwargs)
        said = directives(payload)
        if said:
            last = payload["messages"][-1]
            content = last["content"]
            if isinstance(content, str):
                content = [{"type": "text", "text": content}]
            last["content"] = [*content, {"type": "text", "text": said}]
        return payload


class TestLangChain(ChatModelIntegrationTests):
    @pytest.fixture(autouse=True)
    def reach(self, gateway) -> None:
        self.gateway = gateway

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return Scripted

    @property
    def chat_model_params(self) -> Json:
        return {
            "model": "grok-4.20-fast",
            "base_url": self.gateway.url,
            "api_key": self.gateway.key,
            "max_retries": 0,
        }

    @property
    def model_override_value(self) -> str:
        return "grok-4.20-auto"

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True
