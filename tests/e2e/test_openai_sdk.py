"""The official OpenAI SDK against a running gateway; all objects are of its types."""

import openai
import pytest
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel

CHAT_MODELS = 15
MEDIA_MODELS = 5
QUICK = "grok-4.20-fast"  # does not think


@pytest.fixture
def client(gateway):
    with openai.OpenAI(
        base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, timeout=30
    ) as client:
        yield client


def ask(client, prompt, **options):
    return client.chat.completions.create(
        model=options.pop("model", "grok-4.20-auto"),
        messages=[{"role": "user", "content": prompt}],
        **options,
    )


def strictly(one):
    """What came over the wire, refused if a member is missing or of a wrong type."""
    kinds: dict[str, type[BaseModel]] = {
        "model": Model,
        "chat.completion": ChatCompletion,
        "chat.completion.chunk": ChatCompletionChunk,
    }
    kinds[one.object].model_validate(one.to_dict(), strict=True)
    return one


def streamed(client, prompt, **options):
    stream = ask(client, prompt, stream=True, **options)
    return [strictly(chunk) for chunk in stream]


def joined(chunks, name="content"):
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    return "".join(getattr(delta, name, None) or "" for delta in deltas)


def test_it_lists_the_chat_models_and_retrieves_one(client):
    models = [strictly(model) for model in client.models.list().data]
    assert len(models) == CHAT_MODELS + MEDIA_MODELS
    assert models[0].id == "grok-4.20-0309-non-reasoning"
    assert strictly(client.models.retrieve("grok-4.20-auto")).owned_by == "xai"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("grok-5")


def test_every_chat_model_answers(client):
    models = client.models.list().data
    for model in [one for one in models if "imagine" not in one.id]:
        reply = ask(client, "[[text=fine]]", model=model.id)
        assert reply.choices[0].message.content == "fine"
        assert reply.model == model.id


def test_a_plain_call_without_stream_is_whole(client):
    reply = strictly(ask(client, "Good morning"))
    assert reply.object == "chat.completion"
    assert reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "stop"
    usage = reply.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 4


@pytest.mark.parametrize(
    "prompt",
    [
        "[[tokens=20]]",
        "[[thinking=3]] [[tokens=5]]",
        "[[search]] [[citations]]",
        "[[xposts]] [[tokens=5]]",
        "[[image=2]] [[tokens=5]]",
        "[[unicode]] [[split=3]]",
        "[[surrogate]]",
    ],
)
def test_a_stream_and_a_whole_answer_say_the_same(client, prompt):
    whole = strictly(ask(client, prompt))
    chunks = streamed(client, prompt)
    message = whole.choices[0].message
    assert joined(chunks) == message.content
    thoughts = getattr(message, "reasoning_content", "")
    assert joined(chunks, "reasoning_content") == thoughts
    first, *_, last = chunks
    assert first.choices[0].delta.role == "assistant"
    assert last.choices[0].finish_reason == "stop"
    assert last.usage == whole.usage
    found = getattr(last, "search_sources", None)
    assert found == getattr(whole, "search_sources", None)
    marks = [c.choices[0].delta.to_dict().get("annotations") for c in chunks]
    given = [mark for mark in marks if mark] or [None]
    assert given == [message.to_dict().get("annotations")]


def test_a_stream_ends_with_usage_when_asked(client):
    wanted = {"include_usage": True}
    *earlier, last = streamed(client, "[[tokens=20]]", stream_options=wanted)
    assert last.choices == []
    assert last.usage.completion_tokens > 0
    assert all(chunk.usage is None for chunk in earlier)
    assert earlier[-1].choices[0].finish_reason == "stop"


def test_one_id_and_time_for_all_chunks(client):
    chunks = streamed(client, "[[tokens=20]]")
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1


def test_the_stream_helper_folds_to_the_whole_answer(client):
    whole = ask(client, "[[tokens=50]]").choices[0].message.content
    with client.chat.completions.stream(
        model="grok-4.20-auto", messages=[{"role": "user", "content": "[[tokens=50]]"}]
    ) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert final.choices[0].message.content == whole == "".join(deltas)
    assert final.usage.total_tokens > 0


class Weather(BaseModel):
    city: str
    celsius: int


@pytest.mark.parametrize(
    "said",
    [
        '{"city":"Oslo","celsius":4}',
        'Here it is:\n```json\n{"city": "Oslo",\n "celsius": 4}\n```\nDone.',
    ],
)
def test_an_answer_is_parsed_into_a_model(client, said):
    messages = [{"role": "user", "content": f"[[text={said}]]"}]
    shaped = {"model": QUICK, "messages": messages, "response_format": Weather}
    parsed = client.chat.completions.parse(**shaped)
    assert parsed.choices[0].message.parsed == Weather(city="Oslo", celsius=4)
    with client.chat.completions.stream(**shaped) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.parsed == Weather(city="Oslo", celsius=4)


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "strict": True,
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }
    for name in ("get_weather", "get_time")
]
CALL = (
    "<tool_call><tool_name>{}</tool_name>"
    '<parameters>{{"city":"{}"}}</parameters></tool_call>'
)
OSLO, ROME = CALL.format("get_weather", "Oslo"), CALL.format("get_time", "Rome")
BOTH = [("get_weather", '{"city":"Oslo"}'), ("get_time", '{"city":"Rome"}')]


def calls_of(message):
    return [(c.function.name, c.function.arguments) for c in message.tool_calls or []]


def final_of(client, prompt, **options):
    messages = [{"role": "user", "content": prompt}]
    with client.chat.completions.stream(
        model=QUICK, messages=messages, **options
    ) as stream:
        return stream.get_final_completion().choices[0]


@pytest.mark.parametrize(
    ("prompt", "text", "calls"),
    [
        ('[[toolcall=get_weather]] [[toolargs={"city":"Oslo"}]]', None, BOTH[:1]),
        (f"[[text=<tool_calls>{OSLO}{ROME}</tool_calls>]]", None, BOTH),
        (f"[[text=A moment.\n<tool_calls>{OSLO}</tool_calls>]]", "A moment.", BOTH[:1]),
        (f"[[text={OSLO}{ROME}]] [[split=1]]", None, BOTH),
        (f"[[text=Wait. {OSLO}]] [[split=5]]", "Wait.", BOTH[:1]),
        ("[[text=<tool_callsign> is no call]]", "<tool_callsign> is no call", []),
        ("[[text=sunny]]", "sunny", []),
    ],
)
def test_tools(client, prompt, text, calls):
    whole = strictly(ask(client, prompt, model=QUICK, tools=TOOLS)).choices[0]
    assert (whole.message.content, calls_of(whole.message)) == (text, calls)
    assert whole.finish_reason == ("tool_calls" if calls else "stop")
    assert streamed(client, prompt, model=QUICK, tools=TOOLS)
    final = final_of(client, prompt, tools=TOOLS)
    assert (final.message.content or None, calls_of(final.message)) == (text, calls)
    assert final.finish_reason == whole.finish_reason
    ids = [call.id for call in final.message.tool_calls or []]
    assert len(set(ids)) == len(calls)


def test_a_call_comes_in_two_chunks_with_one_id(client):
    prompt = f"[[text=<tool_calls>{OSLO}{ROME}</tool_calls>]]"
    chunks = streamed(client, prompt, model=QUICK, tools=TOOLS)
    pieces = [c.choices[0].delta.tool_calls for c in chunks if c.choices]
    sent = [piece[0] for piece in pieces if piece]
    assert [piece.index for piece in sent] == [0, 0, 1, 1]
    assert [piece.id is None for piece in sent] == [False, True, False, True]
    assert [piece.function.name for piece in sent[::2]] == ["get_weather", "get_time"]
    assert [piece.function.arguments for piece in sent[::2]] == ["", ""]


def test_arguments_are_parsed_by_the_helper(client):
    messages = [{"role": "user", "content": f"[[text={OSLO}]]"}]
    tool = openai.pydantic_function_tool(Weather, name="get_weather")
    said = CALL.format("get_weather", "Oslo").replace("}", ',"celsius":4}')
    messages[0]["content"] = f"[[text={said}]]"
    parsed = client.chat.completions.parse(model=QUICK, messages=messages, tools=[tool])
    (call,) = parsed.choices[0].message.tool_calls
    assert call.function.parsed_arguments == Weather(city="Oslo", celsius=4)


def test_a_tool_turn_goes_round(client):
    """Call, result, answer: the history comes back as the SDK gave it."""
    asked = [{"role": "user", "content": f"[[text={OSLO}]]"}]
    first = client.chat.completions.create(model=QUICK, messages=asked, tools=TOOLS)
    message = first.choices[0].message
    history = [
        *asked,
        message.to_dict(),
        {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "4 C"},
        {"role": "user", "content": "And? [[text=Four degrees.]]"},
    ]
    reply = client.chat.completions.create(model=QUICK, messages=history, tools=TOOLS)
    assert reply.choices[0].message.content == "Four degrees."
    assert reply.choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        ({"tool_choice": "none"}, []),
        ({"tool_choice": "required"}, BOTH),
        ({"parallel_tool_calls": False}, BOTH[:1]),
        (
            {"tool_choice": {"type": "function", "function": {"name": "get_time"}}},
            BOTH[1:],
        ),
    ],
)
def test_how_tools_may_be_called(client, options, calls):
    prompt = f"[[text=<tool_calls>{OSLO}{ROME}</tool_calls>]]"
    whole = ask(client, prompt, model=QUICK, tools=TOOLS, **options).choices[0]
    assert calls_of(whole.message) == calls
    if not calls:
        assert OSLO in whole.message.content


def test_functions_answer_with_tool_calls(client):
    functions = [tool["function"] for tool in TOOLS]
    whole = ask(client, f"[[text={OSLO}]]", model=QUICK, functions=functions)
    assert calls_of(whole.choices[0].message) == BOTH[:1]


CUSTOM = {"type": "custom", "custom": {"name": "note", "description": "Keeps a note."}}
NOTE = (
    "<tool_call><tool_name>note</tool_name>"
    '<parameters>{"input":"milk\\neggs"}</parameters></tool_call>'
)


def test_a_custom_tool_is_called_with_text(client):
    reply = strictly(ask(client, f"[[text={NOTE}]]", model=QUICK, tools=[CUSTOM]))
    (call,) = reply.choices[0].message.tool_calls
    assert (call.type, call.custom.name, call.custom.input) == (
        "custom",
        "note",
        "milk\neggs",
    )
    # The SDK's own types of a stream, and its helper, know functions only.
    stream = ask(client, f"[[text={NOTE}]]", model=QUICK, tools=[CUSTOM], stream=True)
    deltas = [chunk.to_dict()["choices"][0]["delta"] for chunk in stream]
    name, given = [one["tool_calls"][0] for one in deltas if "tool_calls" in one]
    assert name["custom"] == {"name": "note", "input": ""}
    assert given == {"index": 0, "custom": {"input": "milk\neggs"}}


async def test_the_client_for_event_loops_streams_too(gateway):
    async with openai.AsyncOpenAI(
        base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, timeout=30
    ) as client:
        stream = await ask(client, "[[tokens=20]]", stream=True)
        chunks = [strictly(chunk) async for chunk in stream]
    assert joined(chunks).startswith("tok1 tok2")


def collect(stream, chunks):
    for chunk in stream:
        chunks.append(strictly(chunk))


def test_a_break_in_mid_stream_raises(client):
    stream = ask(client, "[[tokens=9]] [[error=8]] [[error_after=5]]", stream=True)
    chunks: list[ChatCompletionChunk] = []
    with pytest.raises(openai.APIError) as caught:
        collect(stream, chunks)
    assert caught.value.code == "rate_limit_exceeded"
    assert joined(chunks)
    assert not any(chunk.choices[0].finish_reason for chunk in chunks)


def test_a_wrong_key_is_an_authentication_error(gateway):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="no") as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            ask(client, "hi")
    assert caught.value.code == "invalid_api_key"


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, "hi", model="grok-5")
    assert caught.value.param == "model"


@pytest.mark.load
def test_without_accounts_it_says_so(launch):
    with launch({}) as gateway:
        with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key) as client:
            with pytest.raises(openai.InternalServerError) as caught:
                ask(client, "hi")
            assert client.models.list().data == []
    assert caught.value.status_code == 503
    assert caught.value.code == "no_available_account"
    assert caught.value.response.headers["x-should-retry"] == "false"


def test_when_all_are_busy_it_says_when_to_come_back(launch):
    accounts = {"super": ["sandbox-super-solo"]}
    with launch(accounts, GROK_ACCOUNT_SELECTION_MAX_INFLIGHT="1") as gateway:
        with openai.OpenAI(
            base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0
        ) as client:
            stream = ask(client, "[[tokens=40]] [[delay_ms=50]]", stream=True)
            first = next(iter(stream))
            with pytest.raises(openai.RateLimitError) as caught:
                ask(client, "hi")
            rest = list(stream)
            assert ask(client, "[[text=free again]]").choices[0].message.content
    assert first.choices[0].delta.role == "assistant"
    assert rest[-1].choices[0].finish_reason == "stop"
    assert int(caught.value.response.headers["retry-after"]) >= 1
    assert caught.value.code == "rate_limit_exceeded"
