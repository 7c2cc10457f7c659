"""The answer of chat completions as its document describes it (public-api 3.3, 3.4).

Answers are written without these models; a test holds them to it.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

REQUESTS: list[JsonValue] = [
    {
        "model": "grok-4.20-auto",
        "stream": True,
        "reasoning_effort": "high",
        "messages": [{"role": "user", "content": "Good morning"}],
    },
    {
        "model": "grok-4.20-auto",
        "stream": False,
        "messages": [{"role": "user", "content": "What is the weather in Oslo?"}],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "parameters": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}},
                        "required": ["city"],
                    },
                },
            }
        ],
        "tool_choice": "auto",
    },
]
COMPLETION: JsonValue = {
    "id": "chatcmpl-5b1c7e0f9a2d4c38",
    "object": "chat.completion",
    "created": 1795300000,
    "model": "grok-4.20-auto",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hi there.",
                "refusal": None,
                "reasoning_content": "The user greets me.",
            },
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 9,
        "completion_tokens": 8,
        "total_tokens": 17,
        "prompt_tokens_details": {
            "cached_tokens": 0,
            "text_tokens": 9,
            "audio_tokens": 0,
            "image_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": 5,
            "text_tokens": 3,
            "audio_tokens": 0,
        },
    },
    "system_fingerprint": None,
}
HEAD = (
    '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795300000,'
    '"model":"grok-4.20-auto","choices":[{"index":0,"delta":'
)
STREAM = "\n\n".join(
    [
        f'data: {HEAD}{{"role":"assistant","content":""}},"finish_reason":null}}]}}',
        f'data: {HEAD}{{"content":"Hi there."}},"finish_reason":null}}]}}',
        f'data: {HEAD}{{}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":9,'
        '"completion_tokens":3,"total_tokens":12}}',
        "data: [DONE]\n\n",
    ]
)


class CalledFunction(BaseModel):
    name: str
    arguments: str
    namespace: str | None = None


class CalledCustom(BaseModel):
    name: str
    input: str
    namespace: str | None = None


class ToolCall(BaseModel):
    id: str
    type: Literal["function", "custom"]
    function: CalledFunction | None = None
    custom: CalledCustom | None = None


class UrlCitation(BaseModel):
    """Offsets are code points of the content."""

    url: str
    title: str
    start_index: int
    end_index: int


class Annotation(BaseModel):
    type: Literal["url_citation"]
    url_citation: UrlCitation


class AssistantMessage(BaseModel):
    role: Literal["assistant"]
    content: str | None
    refusal: str | None
    reasoning_content: str | None = None
    tool_calls: list[ToolCall] | None = None
    annotations: list[Annotation] | None = None


class Choice(BaseModel):
    index: int
    message: AssistantMessage
    logprobs: None
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter"]


class PromptTokens(BaseModel):
    cached_tokens: int
    text_tokens: int
    audio_tokens: int
    image_tokens: int


class CompletionTokens(BaseModel):
    reasoning_tokens: int
    text_tokens: int
    audio_tokens: int


class ChatUsage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokens
    completion_tokens_details: CompletionTokens


class SearchSource(BaseModel):
    url: str
    title: str
    type: Literal["web", "x_post"]


class ChatCompletion(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [COMPLETION]})
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: ChatUsage
    system_fingerprint: str | None
    search_sources: list[SearchSource] | None = None
