"""Calls to copy, with this gateway's address and a model of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

NO_KEY = "YOUR_KEY"
QUICK = "grok-4.20-fast"


@dataclass(frozen=True, slots=True)
class Place:
    """`root` is the address without `/v1`; `small` is a quick model."""

    root: str
    model: str
    small: str
    key: str = NO_KEY

    @property
    def base(self) -> str:
        return f"{self.root}/v1"


@dataclass(frozen=True, slots=True)
class Sample:
    """`title` is a product's name, `about` says where the text goes."""

    id: str
    title: str
    text: str
    about: str = ""


def first(place: Place) -> Sequence[Sample]:
    """The two that one tries first."""
    return [curl(place), openai_python(place)]


def all_of(place: Place) -> Sequence[Sample]:
    return [
        curl(place),
        openai_python(place),
        openai_javascript(place),
        anthropic_python(place),
        claude_code(place),
        codex(place),
    ]


def curl(place: Place) -> Sample:
    text = f"""\
curl {place.base}/chat/completions \\
  -H "Authorization: Bearer {place.key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "{place.model}",
       "messages": [{{"role": "user", "content": "Hello"}}]}}'
"""
    return Sample("curl", "curl", text)


def openai_python(place: Place) -> Sample:
    text = f"""\
from openai import OpenAI

client = OpenAI(
    base_url="{place.base}",
    api_key="{place.key}",
)
answer = client.chat.completions.create(
    model="{place.model}",
    messages=[{{"role": "user", "content": "Hello"}}],
)
print(answer.choices[0].message.content)
"""
    return Sample("openai-python", "OpenAI SDK, Python", text, "pip install openai")


def openai_javascript(place: Place) -> Sample:
    text = f"""\
import OpenAI from "openai";

const client = new OpenAI({{
  baseURL: "{place.base}",
  apiKey: "{place.key}",
}});
const answer = await client.chat.completions.create({{
  model: "{place.model}",
  messages: [{{ role: "user", content: "Hello" }}],
}});
console.log(answer.choices[0].message.content);
"""
    title = "OpenAI SDK, JavaScript"
    return Sample("openai-javascript", title, text, "npm install openai")


def anthropic_python(place: Place) -> Sample:
    text = f"""\
from anthropic import Anthropic

client = Anthropic(
    base_url="{place.root}",
    api_key="{place.key}",
)
answer = client.messages.create(
    model="{place.model}",
    max_tokens=1024,
    messages=[{{"role": "user", "content": "Hello"}}],
)
print(answer.content[0].text)
"""
    about = "pip install anthropic"
    return Sample("anthropic-python", "Anthropic SDK, Python", text, about)


def claude_code(place: Place) -> Sample:
    text = f"""\
export ANTHROPIC_BASE_URL="{place.root}"
export ANTHROPIC_AUTH_TOKEN="{place.key}"
export ANTHROPIC_MODEL="{place.model}"
export ANTHROPIC_SMALL_FAST_MODEL="{place.small}"
export ANTHROPIC_DEFAULT_HAIKU_MODEL="{place.small}"
claude
"""
    return Sample("claude-code", "Claude Code", text)


def codex(place: Place) -> Sample:
    text = f"""\
model = "{place.model}"
model_provider = "grok-gateway"

[model_providers.grok-gateway]
name = "Grok Gateway"
base_url = "{place.base}"
wire_api = "responses"
env_key = "GROK_GATEWAY_KEY"
"""
    about = f"~/.codex/config.toml; export GROK_GATEWAY_KEY={place.key}"
    return Sample("codex", "Codex CLI", text, about)


def quick_of(names: Sequence[str]) -> str:
    """Of these models the one that is told first."""
    return QUICK if QUICK in names or not names else names[0]
