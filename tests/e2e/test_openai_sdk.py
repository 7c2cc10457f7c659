"""The official OpenAI SDK against a running gateway."""

import openai
import pytest

CHAT_MODELS = 15


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


def test_it_lists_the_chat_models_and_retrieves_one(client):
    models = client.models.list().data
    assert len(models) == CHAT_MODELS
    assert models[0].id == "grok-4.20-0309-non-reasoning"
    assert client.models.retrieve("grok-4.20-auto").owned_by == "xai"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("grok-5")


def test_every_chat_model_answers(client):
    for model in client.models.list().data:
        reply = ask(client, "[[text=fine]]", model=model.id)
        assert reply.choices[0].message.content == "fine"
        assert reply.model == model.id


def test_a_plain_call_without_stream_is_whole(client):
    reply = ask(client, "Good morning")
    assert reply.object == "chat.completion"
    assert reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "stop"
    usage = reply.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 4


def test_a_stream_ends_with_usage_when_asked(client):
    chunks = list(
        ask(
            client,
            "[[tokens=20]]",
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert chunks[0].choices[0].delta.role == "assistant"


def test_the_stream_helper_folds_to_the_whole_answer(client):
    whole = ask(client, "[[tokens=50]]").choices[0].message.content
    with client.chat.completions.stream(
        model="grok-4.20-auto", messages=[{"role": "user", "content": "[[tokens=50]]"}]
    ) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content == whole


def test_a_wrong_key_is_an_authentication_error(gateway):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="no") as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            ask(client, "hi")
    assert caught.value.code == "invalid_api_key"


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, "hi", model="grok-5")
    assert caught.value.param == "model"


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
