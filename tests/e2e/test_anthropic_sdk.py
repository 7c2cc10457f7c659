"""The official Anthropic SDK against a running gateway."""

import asyncio

import anthropic
import httpx
import pytest
from anthropic import transform_schema
from anthropic.types import Message, MessageTokensCount
from pydantic import BaseModel

CHAT_MODELS = 15
MEDIA_MODELS = 5
MODEL = "grok-4.20-auto"
WEATHER = {
    "name": "get_weather",
    "description": "Tells the weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CALLS = '[[toolcall=get_weather]] [[toolargs={"city":"Oslo"}]]'
TWO_CALLS = (
    "[[text=Both. <tool_calls><tool_call><tool_name>get_weather</tool_name>"
    '<parameters>{"city":"Oslo"}</parameters></tool_call><tool_call>'
    '<tool_name>get_weather</tool_name><parameters>{"city":"Rome"}</parameters>'
    "</tool_call></tool_calls>]]"
)


def client_of(gateway, key=None, **options):
    return anthropic.Anthropic(
        base_url=gateway.url,
        api_key=key or gateway.key,
        max_retries=0,
        timeout=30,
        **options,
    )


@pytest.fixture
def client(gateway):
    with client_of(gateway) as client:
        yield client


def wanted(prompt, **options):
    return {
        "model": options.pop("model", MODEL),
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": prompt}],
        **options,
    }


def create(client, prompt, **options):
    message = client.messages.create(**wanted(prompt, **options))
    Message.model_validate(message.to_dict())
    return message


def streamed(client, prompt, **options):
    with client.messages.stream(**wanted(prompt, **options)) as stream:
        return stream.get_final_message()


def content_of(message):
    """All but what is another one for every message: ids."""
    return [
        {k: v for k, v in block.to_dict().items() if k not in {"id", "tool_use_id"}}
        for block in message.content
    ]


def test_it_lists_the_chat_models_page_by_page_and_retrieves_one(client):
    models = list(client.models.list(limit=4))
    assert len(models) == CHAT_MODELS + MEDIA_MODELS
    assert [model.id for model in models] == [m.id for m in client.models.list()]
    assert models[0].lifecycle == "active"
    assert client.models.retrieve(MODEL).display_name == "Grok 4.20 Auto"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("grok-5")


def test_a_plain_call_is_whole(client):
    message = create(client, "Good morning", thinking={"type": "disabled"})
    assert [block.type for block in message.content] == ["text"]
    assert message.content[0].text
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 4
    assert str(message._request_id).startswith("req_")


PROMPTS = {
    "text": "[[tokens=50]]",
    "thinking": "[[thinking=3]] [[tokens=10]]",
    "late thinking": "[[late_thinking]] [[tokens=5]]",
    "sources": "[[search]] [[citations]]",
    "unicode": "[[unicode]] [[split=1]]",
    "images": "[[image=2]] [[tokens=5]]",
}


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_the_stream_helper_folds_to_the_whole_answer(client, prompt):
    whole, final = create(client, prompt), streamed(client, prompt)
    assert content_of(final) == content_of(whole)
    assert final.usage.to_dict() == whole.usage.to_dict()
    assert final.stop_reason == whole.stop_reason


def test_thinking_has_a_signature_and_is_accepted_back(client):
    first = streamed(client, "[[thinking=3]] [[text=done]]")
    thinking, text = first.content
    assert (thinking.type, text.text) == ("thinking", "done")
    assert thinking.signature
    history = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [b.to_dict() for b in first.content]},
        {"role": "user", "content": "[[text=again]]"},
    ]
    again = create(client, "", messages=history, thinking={"type": "disabled"})
    assert again.content[0].text == "again"


@pytest.mark.parametrize("ask", [create, streamed])
def test_a_call(client, ask):
    message = ask(client, CALLS, tools=[WEATHER], thinking={"type": "disabled"})
    (call,) = message.content
    assert (call.type, call.name, call.input) == (
        "tool_use",
        "get_weather",
        {"city": "Oslo"},
    )
    assert call.id.startswith("toolu_")
    assert message.stop_reason == "tool_use"


@pytest.mark.parametrize("ask", [create, streamed])
def test_text_and_two_calls(client, ask):
    message = ask(client, TWO_CALLS, tools=[WEATHER], thinking={"type": "disabled"})
    text, one, two = message.content
    assert text.text == "Both."
    assert [one.input["city"], two.input["city"]] == ["Oslo", "Rome"]
    assert one.id != two.id


def test_the_results_of_calls_go_back(client):
    call = create(client, CALLS, tools=[WEATHER], thinking={"type": "disabled"})
    result = {
        "type": "tool_result",
        "tool_use_id": call.content[0].id,
        "content": [{"type": "text", "text": "Rain"}],
    }
    said = {"type": "text", "text": "[[text=So it rains.]]"}
    history = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": call.content},
        {"role": "user", "content": [result, said]},
    ]
    final = streamed(client, "", messages=history, tools=[WEATHER])
    assert final.content[-1].text == "So it rains."


@pytest.mark.parametrize("ask", [create, streamed])
def test_a_stop_sequence(client, ask):
    message = ask(client, "[[text=one STOP two]]", stop_sequences=["STOP"])
    assert message.content[-1].text == "one "
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "STOP")


class City(BaseModel):
    name: str
    people: int


OSLO = '{"name": "Oslo", "people": 700000}'


def test_parsed_output(client):
    asked = wanted(f"[[text=Sure: {OSLO}]]", thinking={"type": "disabled"})
    message = client.messages.parse(**asked, output_format=City)
    assert message.parsed_output == City(name="Oslo", people=700000)
    with client.messages.stream(**asked, output_format=City) as stream:
        assert stream.get_final_message().parsed_output == message.parsed_output


def test_output_that_does_not_fit_is_asked_for_once_more(client, sandbox):
    before = sandbox.stats()["total"]
    schema = transform_schema(City)
    asked = wanted("[[text={}]]", output_config={"format": {"type": "json_schema"}})
    asked["output_config"]["format"]["schema"] = schema
    message = client.messages.create(**asked)
    assert message.content[-1].text == "{}"
    assert sandbox.stats()["total"] == before + 2


async def test_many_at_once_over_the_beta_path(gateway):
    async with anthropic.AsyncAnthropic(
        base_url=gateway.url, auth_token=gateway.key, api_key=None, max_retries=0
    ) as client:

        async def one(number):
            async with client.beta.messages.stream(
                **wanted(f"[[text=answer {number}]]"), betas=["context-1m-2025-08-07"]
            ) as stream:
                message = await stream.get_final_message()
                return message.content[-1].to_dict()["text"]

        answers = await asyncio.gather(*(one(number) for number in range(8)))
    assert answers == [f"answer {number}" for number in range(8)]


def test_a_body_beyond_the_limit(client):
    with pytest.raises(anthropic.RequestTooLargeError) as caught:
        create(client, "x" * (65 * 1024 * 1024))
    assert str(caught.value.type) == "request_too_large"


@pytest.mark.parametrize("ask", [create, streamed])
def test_a_web_search_is_shown(client, ask):
    tools = [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3}]
    message = ask(client, "[[search]] [[text=Found.]]", tools=tools)
    use, found, text = [b for b in message.content if b.type != "thinking"]
    assert use.type == "server_tool_use"
    assert use.input["query"]
    assert found.tool_use_id == use.id
    assert found.content[0].url.startswith("https://")
    assert text.text == "Found."
    assert message.usage.server_tool_use.web_search_requests == 1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"system": "Be brief."},
        {"tools": [WEATHER]},
        {"tools": [WEATHER], "tool_choice": {"type": "none"}},
        {"system": [{"type": "text", "text": "x-anthropic-billing-header: a"}]},
    ],
)
def test_counting_gives_the_input_tokens_of_the_real_call(client, options):
    prompt = "[[text=fine]] Explain tides"
    asked = wanted(prompt, **options)
    del asked["max_tokens"]
    count = client.messages.count_tokens(**asked)
    MessageTokensCount.model_validate(count.to_dict())
    assert count.input_tokens == create(client, prompt, **options).usage.input_tokens
    assert count.input_tokens == streamed(client, prompt, **options).usage.input_tokens


def test_a_wrong_key_is_an_authentication_error(gateway):
    with client_of(gateway, key="no") as client:
        for ask in (create, streamed):
            with pytest.raises(anthropic.AuthenticationError) as caught:
                ask(client, "hi")
            assert caught.value.type == "authentication_error"
            assert str(caught.value.request_id).startswith("req_")
        with pytest.raises(anthropic.AuthenticationError):
            client.models.list()


def test_an_unknown_model_is_not_found(client):
    for ask in (create, streamed):
        with pytest.raises(anthropic.NotFoundError) as caught:
            ask(client, "hi", model="grok-5")
        assert caught.value.type == "not_found_error"
    with pytest.raises(anthropic.BadRequestError):
        create(client, "hi", model="grok-imagine-video")


def test_an_answer_that_breaks_raises(client):
    with pytest.raises(anthropic.APIStatusError) as caught:
        streamed(client, "[[tokens=10]] [[error=13]] [[error_after=5]]")
    assert caught.value.type == "api_error"


@pytest.mark.load
def test_without_accounts_it_says_so(launch):
    with launch({}) as gateway, client_of(gateway) as client:
        with pytest.raises(anthropic.InternalServerError) as caught:
            create(client, "hi")
        assert list(client.models.list()) == []
        assert client.messages.count_tokens(
            model=MODEL, messages=[{"role": "user", "content": "hi"}]
        ).input_tokens
    assert caught.value.status_code == 503
    assert caught.value.type == "overloaded_error"
    assert caught.value.response.headers["x-should-retry"] == "false"


@pytest.mark.load
def test_when_all_are_busy_it_says_when_to_come_back(launch):
    accounts = {"super": ["sandbox-super-solo"]}
    with launch(accounts, GROK_ACCOUNT_SELECTION_MAX_INFLIGHT="1") as gateway:
        with client_of(gateway) as client:
            slow = wanted("[[tokens=40]] [[delay_ms=50]]")
            with client.messages.stream(**slow) as stream:
                next(iter(stream))
                with pytest.raises(anthropic.RateLimitError) as caught:
                    create(client, "hi")
                assert stream.get_final_message().stop_reason == "end_turn"
            assert create(client, "[[text=free again]]").content[-1].text
    assert caught.value.type == "rate_limit_error"
    assert int(caught.value.response.headers["retry-after"]) >= 1


def test_the_documented_call_word_for_word(gateway):
    """requests.md 4, as curl sends it: no max_tokens, no version."""
    answer = httpx.post(
        f"{gateway.url}/v1/messages",
        headers={**gateway.headers(), "Accept": "*/*"},
        json={
            "model": MODEL,
            "stream": True,
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "messages": [
                {"role": "user", "content": "Explain tides in three sentences"}
            ],
        },
        timeout=30,
    )
    assert answer.status_code == 200
    assert answer.headers["request-id"] == answer.headers["x-request-id"]
    kinds = [line[7:] for line in answer.text.splitlines() if line[:7] == "event: "]
    assert kinds[:3] == ["message_start", "ping", "content_block_start"]
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert "thinking_delta" in answer.text
