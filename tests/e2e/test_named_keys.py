"""Named keys against a running gateway, asked by both official SDKs."""

import contextlib
import json
import re
import threading
import time

import anthropic
import httpx
import openai
import pytest

from tests.e2e.gateway_process import eventually, running_gateway

MODEL = "grok-4.20-auto"
TAKES_EFFECT_S = 5.5  # the poll of five seconds, and its own time
ACCOUNTS = {"super": [f"sandbox-super-key-{n}" for n in range(4)]}
LONG = "[[tokens=400]] [[delay_ms=20]]"
HI = [{"role": "user", "content": "[[text=fine]]"}]


@pytest.fixture(scope="module")
def keyed(sandbox, tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("keyed")
    with running_gateway(
        data_dir, sandbox.url, ACCOUNTS, LOG_FILE_ENABLED="true"
    ) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def keys(keyed):
    """Make the keys of all tests, and wait once until they are known."""
    wanted = {
        "plain": (),
        "doomed": (),
        "narrow": ("--models", "grok-4.20-fast"),
        "per-minute": ("--rpm", "2"),
        "one-at-once": ("--concurrent", "1"),
        "by-day": ("--requests-per-day", "1", "--tokens-per-day", "100000"),
    }
    made = {}
    for name, options in wanted.items():
        printed = keyed.manage("createkey", name, *options, "--json")
        made[name] = json.loads(printed)["key"]
    last = {"Authorization": f"Bearer {made['by-day']}"}
    url = f"{keyed.url}/v1/models"
    assert eventually(
        lambda: httpx.get(url, headers=last).status_code == 200, TAKES_EFFECT_S
    )
    return made


@contextlib.contextmanager
def by_openai(gateway, key):
    with openai.OpenAI(
        base_url=f"{gateway.url}/v1", api_key=key, max_retries=0, timeout=30
    ) as client:
        yield client


@contextlib.contextmanager
def by_anthropic(gateway, key):
    with anthropic.Anthropic(
        base_url=gateway.url, api_key=key, max_retries=0, timeout=30
    ) as client:
        yield client


def chat(client, prompt="[[text=fine]]", **options):
    messages = [{"role": "user", "content": prompt}]
    model = options.pop("model", MODEL)
    return client.chat.completions.create(model=model, messages=messages, **options)


def message(client, prompt="[[text=fine]]", **options):
    messages = [{"role": "user", "content": prompt}]
    model = options.pop("model", MODEL)
    return client.messages.create(
        model=model, messages=messages, max_tokens=100, **options
    )


def kind_of(told):
    return told.value.response.json()["error"]["type"]


def test_a_key_works_by_both_headers(keyed, keys):
    with by_openai(keyed, keys["plain"]) as client:  # Authorization
        assert chat(client).choices[0].message.content == "fine"
        assert client.models.list().data
    with by_anthropic(keyed, keys["plain"]) as client:  # x-api-key
        assert message(client).content[0].text == "fine"
        with client.messages.stream(model=MODEL, messages=HI, max_tokens=100) as stream:
            assert stream.get_final_text() == "fine"


def test_the_key_of_the_configuration_works_beside_it(keyed, keys):
    with by_openai(keyed, keyed.key) as client:
        assert chat(client).choices[0].message.content == "fine"


@pytest.mark.parametrize("wrong", ["gk-" + "x" * 43, "sk-nonsense"])
def test_a_wrong_key(keyed, keys, wrong):
    with by_openai(keyed, wrong) as client:
        with pytest.raises(openai.AuthenticationError) as refused:
            chat(client)
        assert refused.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
    with by_anthropic(keyed, wrong) as client:
        with pytest.raises(anthropic.AuthenticationError) as told:
            message(client)
    assert kind_of(told) == "authentication_error"


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_is_not_allowed(keyed, keys, stream):
    with by_openai(keyed, keys["narrow"]) as client:
        assert [one.id for one in client.models.list().data] == ["grok-4.20-fast"]
        assert chat(client, model="grok-4.20-fast").choices
        with pytest.raises(openai.PermissionDeniedError) as refused:
            chat(client, stream=stream)
        assert refused.value.code == "model_not_allowed"
        with pytest.raises(openai.PermissionDeniedError):
            client.responses.create(model=MODEL, input="hi", stream=stream)
    with by_anthropic(keyed, keys["narrow"]) as client:
        with pytest.raises(anthropic.PermissionDeniedError) as told:
            message(client, stream=stream)
        assert kind_of(told) == "permission_error"
        with pytest.raises(anthropic.PermissionDeniedError):
            client.messages.count_tokens(model=MODEL, messages=HI)


def test_requests_a_minute(keyed, keys):
    with by_openai(keyed, keys["per-minute"]) as client:
        answer = client.chat.completions.with_raw_response.create(
            model=MODEL, messages=HI, stream=False
        )
        assert answer.headers["x-ratelimit-limit-requests"] == "2"
        assert answer.headers["x-ratelimit-remaining-requests"] == "1"
        assert list(chat(client, stream=True))
        for _ in range(2):
            with pytest.raises(openai.RateLimitError) as refused:
                chat(client)
        assert client.models.list().data  # lists are free
    assert refused.value.code == "rate_limit_exceeded"
    headers = refused.value.response.headers
    assert 1 <= int(headers["retry-after"]) <= 60
    assert headers["x-ratelimit-remaining-requests"] == "0"
    with by_anthropic(keyed, keys["per-minute"]) as client:
        assert client.messages.count_tokens(model=MODEL, messages=HI).input_tokens
        with pytest.raises(anthropic.RateLimitError) as told:
            message(client)
    assert kind_of(told) == "rate_limit_error"
    headers = told.value.response.headers
    assert headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert 1 <= int(headers["retry-after"]) <= 60


def test_requests_at_once(keyed, keys):
    with by_openai(keyed, keys["one-at-once"]) as client:
        stream = chat(client, LONG, stream=True)
        next(iter(stream))
        with pytest.raises(openai.RateLimitError) as refused:
            chat(client)
        assert refused.value.response.headers["retry-after"] == "1"
        stream.close()  # a client that leaves gives its place back
        assert eventually(lambda: succeeds(client))
        for _ in range(10):  # and one that has everything at once
            assert chat(client).choices
            assert list(chat(client, stream=True))


def succeeds(client):
    try:
        return bool(chat(client).choices)
    except openai.RateLimitError:
        return False


def test_a_key_that_is_revoked_stops_working_while_the_server_runs(keyed, keys):
    with by_openai(keyed, keys["doomed"]) as client:
        assert chat(client).choices
        keyed.manage(
            "shell",
            "-c",
            "from gateway.models import ApiKey;"
            "ApiKey.objects.filter(name='doomed').update(enabled=False)",
        )
        assert eventually(lambda: refused_as(client, "disabled"), TAKES_EFFECT_S)


def refused_as(client, word):
    try:
        chat(client)
    except openai.AuthenticationError as refusal:
        return word in refusal.message
    return False


def test_use_by_day_is_stored(keyed, keys):
    with by_openai(keyed, keys["plain"]) as client:
        usage = chat(client).usage
    query = (
        "SELECT u.requests, u.prompt_tokens, u.completion_tokens, k.last_used_at "
        "FROM gateway_keyusage u JOIN gateway_apikey k ON k.id = u.key_id "
        "WHERE k.name = 'plain'"
    )
    row = eventually(
        lambda: [row for row in keyed.rows(query) if row[1] >= usage.prompt_tokens]
    )[0]
    assert row[0] >= 1
    assert row[2] >= usage.completion_tokens
    assert row[3] is not None


@pytest.mark.load
def test_a_day_outlives_a_restart(launch):
    with launch(ACCOUNTS) as gateway:
        printed = gateway.manage("createkey", "k", "--requests-per-day", "1", "--json")
        key = json.loads(printed)["key"]
        with by_openai(gateway, key) as client:
            assert eventually(lambda: known(client), TAKES_EFFECT_S)
            assert chat(client).choices
    with launch({}) as gateway, by_openai(gateway, key) as client:
        with pytest.raises(openai.RateLimitError) as refused:
            chat(client)
    assert "a day" in refused.value.message
    assert int(refused.value.response.headers["retry-after"]) >= 1


def known(client):
    try:
        return bool(client.models.list().data)
    except openai.AuthenticationError:
        return False


def test_a_hundred_requests_leave_no_place_taken(keyed, keys):
    """Ends of every kind, many at once; then the key is free as on the first day."""
    url = f"{keyed.url}/v1/chat/completions"
    headers = {"Authorization": f"Bearer {keys['one-at-once']}"}

    def ask(number):
        prompt = ("[[text=fine]]", "[[status=500]]", "[[reset_after=1]]", LONG)
        body = {
            "model": MODEL,
            "stream": number % 2 == 0,
            "messages": [{"role": "user", "content": prompt[number % 4]}],
        }
        with contextlib.suppress(httpx.HTTPError):
            httpx.post(url, headers=headers, json=body, timeout=0.4)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(100)]
    for thread in threads:
        thread.start()
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    with by_openai(keyed, keys["one-at-once"]) as client:
        assert eventually(lambda: succeeds(client))
        assert chat(client).choices


def test_no_key_and_no_hash_anywhere_outside(keyed, keys):
    """Runs last: all that was written or can be asked for is searched."""
    assert httpx.get(f"{keyed.url}/v1/models/{keys['plain']}").status_code == 401
    with by_openai(keyed, "gk-" + "q" * 43) as client:
        with pytest.raises(openai.AuthenticationError):
            chat(client, user=keys["plain"])
    with by_openai(keyed, keys["plain"]) as client, pytest.raises(openai.APIError):
        chat(client, "[[status=500]]", user=keys["plain"])
    keyed.manage("createkey", "again")
    outputs = [
        keyed.manage(*command)
        for command in (
            ("config", "list", "--json"),
            ("config", "export"),
            ("exportaccounts",),
            ("explain", "--model", MODEL, "--json"),
        )
    ]
    logs = [path for path in (keyed.data_dir / "logs").rglob("*") if path.is_file()]
    assert logs
    files = [keyed.data_dir / "serve.log", *logs]
    outputs += [path.read_text("utf-8", "replace") for path in files]
    hashes = keyed.rows("SELECT key_hash FROM gateway_apikey")
    secrets = [*keys.values(), "gk-" + "q" * 43, *(str(row[0]) for row in hashes)]
    for output in outputs:
        assert not [one for one in secrets if one in output]
        assert not re.search(r"gk-[\w-]{43}", output)
    for path in keyed.data_dir.glob("gateway.db*"):
        kept = path.read_bytes()
        assert not [key for key in keys.values() if key.encode() in kept]
