"""The answers of messages as their document describes them (public-api 5.2 to 5.5).

Answers are written without these models; a test holds them to it.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

REQUESTS: list[JsonValue] = [
    {
        "model": "grok-4.20-auto",
        "stream": True,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "messages": [{"role": "user", "content": "Explain tides in three sentences"}],
    },
    {
        "model": "grok-4.20-auto",
        "max_tokens": 1024,
        "stream": False,
        "messages": [{"role": "user", "content": "What is the weather in Oslo?"}],
        "tools": [
            {
                "name": "get_weather",
                "input_schema": {
                    "type": "object",
                    "properties": {"city": {"type": "string"}},
                    "required": ["city"],
                },
            }
        ],
        "tool_choice": {"type": "auto"},
    },
]
MESSAGE: JsonValue = {
    "id": "msg_0b5d3e",
    "type": "message",
    "role": "assistant",
    "model": "grok-4.20-auto",
    "content": [
        {"type": "thinking", "thinking": "Need the city.", "signature": "c2lnbmVk"},
        {"type": "text", "text": "Let me check."},
        {
            "type": "tool_use",
            "id": "toolu_77aa10",
            "name": "get_weather",
            "input": {"city": "Oslo"},
        },
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 140,
        "output_tokens": 31,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens_details": {"thinking_tokens": 6},
    },
}
STREAM = "".join(
    f"event: {name}\ndata: {{{data}}}\n\n"
    for name, data in (
        (
            "message_start",
            '"type":"message_start","message":{"id":"msg_1","type":"message",'
            '"role":"assistant","model":"grok-4.20-auto","content":[],'
            '"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,'
            '"output_tokens":0,"cache_creation_input_tokens":0,'
            '"cache_read_input_tokens":0}}',
        ),
        ("ping", '"type":"ping"'),
        (
            "content_block_start",
            '"type":"content_block_start","index":0,'
            '"content_block":{"type":"text","text":""}',
        ),
        (
            "content_block_delta",
            '"type":"content_block_delta","index":0,'
            '"delta":{"type":"text_delta","text":"Hello."}',
        ),
        ("content_block_stop", '"type":"content_block_stop","index":0'),
        (
            "message_delta",
            '"type":"message_delta","delta":{"stop_reason":"end_turn",'
            '"stop_sequence":null},"usage":{"input_tokens":25,"output_tokens":2,'
            '"cache_creation_input_tokens":0,"cache_read_input_tokens":0,'
            '"output_tokens_details":{"thinking_tokens":0}}',
        ),
        ("message_stop", '"type":"message_stop"'),
    )
)


class ThinkingBlock(BaseModel):
    type: Literal["thinking"]
    thinking: str
    signature: str


class TextBlock(BaseModel):
    type: Literal["text"]
    text: str


class ToolUseBlock(BaseModel):
    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, JsonValue]


class SearchQuery(BaseModel):
    query: str


class ServerToolUseBlock(BaseModel):
    type: Literal["server_tool_use"]
    id: str
    name: Literal["web_search"]
    input: SearchQuery


class WebSearchResult(BaseModel):
    type: Literal["web_search_result"]
    url: str
    title: str
    encrypted_content: str
    page_age: str | None


class WebSearchError(BaseModel):
    type: Literal["web_search_tool_result_error"]
    error_code: Literal["unavailable"]


class WebSearchResultBlock(BaseModel):
    type: Literal["web_search_tool_result"]
    tool_use_id: str
    content: list[WebSearchResult] | WebSearchError


ContentBlock = Annotated[
    ThinkingBlock
    | TextBlock
    | ToolUseBlock
    | ServerToolUseBlock
    | WebSearchResultBlock,
    Field(discriminator="type"),
]


class OutputTokens(BaseModel):
    thinking_tokens: int


class ServerToolUse(BaseModel):
    web_search_requests: int
    web_fetch_requests: int


class MessageUsage(BaseModel):
    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    output_tokens_details: OutputTokens
    server_tool_use: ServerToolUse | None = None


class FoundSource(BaseModel):
    url: str
    title: str
    type: Literal["web", "x_post"]


class Message(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [MESSAGE]})
    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[ContentBlock]
    stop_reason: Literal[
        "end_turn", "tool_use", "stop_sequence", "max_tokens", "refusal"
    ]
    stop_sequence: str | None
    usage: MessageUsage
    search_sources: list[FoundSource] | None = None


class TokenCount(BaseModel):
    input_tokens: int
