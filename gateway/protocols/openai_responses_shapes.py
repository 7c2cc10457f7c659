"""The response object as its document describes it (public-api 4.2, 4.3).

Answers are written without these models; a test holds them to it. Items of the output
and echoes of the request stay open: their kinds are many and the SDK's types say more.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

REQUESTS: list[JsonValue] = [
    {
        "model": "grok-4.20-auto",
        "input": "Explain tides",
        "instructions": "Answer briefly",
        "stream": True,
        "reasoning": {"effort": "high"},
    }
]
RESPONSE: JsonValue = {
    "id": "resp_41c0a7",
    "object": "response",
    "created_at": 1795300000,
    "completed_at": 1795300004,
    "status": "completed",
    "background": False,
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "model": "grok-4.20-auto",
    "output": [
        {
            "id": "rs_41c0a8",
            "type": "reasoning",
            "status": "completed",
            "summary": [{"type": "summary_text", "text": "Think."}],
        },
        {
            "id": "msg_41c0a9",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [
                {
                    "type": "output_text",
                    "text": "Hi.",
                    "annotations": [],
                    "logprobs": [],
                }
            ],
        },
    ],
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": "high", "summary": None},
    "store": True,
    "temperature": 0.8,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 0.95,
    "truncation": "disabled",
    "usage": {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 13,
    },
    "user": None,
}
STREAM = (
    "event: response.output_text.delta\n"
    'data: {"type":"response.output_text.delta","item_id":"msg_41c0a9",'
    '"output_index":0,"content_index":0,"delta":"Hi.","logprobs":[],'
    '"sequence_number":4}\n\n'
)

Open = dict[str, JsonValue]


class InputDetails(BaseModel):
    cached_tokens: int
    cache_write_tokens: int


class OutputDetails(BaseModel):
    reasoning_tokens: int


class ResponseUsage(BaseModel):
    input_tokens: int
    input_tokens_details: InputDetails
    output_tokens: int
    output_tokens_details: OutputDetails
    total_tokens: int


class ResponseError(BaseModel):
    code: str
    message: str


class Incomplete(BaseModel):
    reason: Literal["max_output_tokens", "content_filter"]


class FoundSource(BaseModel):
    url: str
    title: str
    type: Literal["web", "x_post"]


class Response(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [RESPONSE]})
    id: str
    object: Literal["response"]
    created_at: int
    completed_at: int | None
    status: Literal["completed", "failed", "incomplete", "in_progress"]
    background: bool
    error: ResponseError | None
    incomplete_details: Incomplete | None
    instructions: str | None
    max_output_tokens: int | None
    metadata: dict[str, str]
    model: str
    output: list[Open]
    parallel_tool_calls: bool
    previous_response_id: str | None
    reasoning: Open
    store: bool
    temperature: float
    text: Open
    tool_choice: str | Open
    tools: list[Open]
    top_p: float
    truncation: Literal["auto", "disabled"]
    usage: ResponseUsage | None
    user: str | None
    search_sources: list[FoundSource] | None = None
