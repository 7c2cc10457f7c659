"""Requests in the shape in which Claude Code sends them; the words are ours."""

BETA = (
    "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27"
)
HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": "claude-cli/2.1.0 (external, cli)",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": BETA,
    "anthropic-dangerous-direct-browser-access": "true",
    "x-app": "cli",
    "x-stainless-lang": "js",
    "x-stainless-helper-method": "stream",
    "x-claude-code-session-id": "3b1f6c2e-0a55-4c53-9d0e-6f2f3a1c9b77",
}
QUERY = "beta=true"
USER = "user_" + "ab" * 32 + "_account__session_3b1f6c2e-0a55-4c53-9d0e-6f2f3a1c9b77"
KEPT = {"type": "ephemeral"}
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)
CORE = "Task Bash BashOutput KillShell Glob Grep Read Edit Write NotebookEdit WebFetch"
MORE = "WebSearch TodoWrite ExitPlanMode AskUserQuestion Skill SlashCommand TaskOutput"
SERVERS = "mcp__files__read mcp__files__write mcp__issues__list"
NAMES = f"{CORE} {MORE} {SERVERS}".split(" ")


def tool(name):
    return {
        "name": name,
        "description": f"What {name} does, at length. " * 20,
        "input_schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "file_path": {"type": "string", "description": "An absolute path"},
                "limit": {"type": "number", "exclusiveMinimum": 0},
                "todos": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"status": {"enum": ["pending", "done"]}},
                        "additionalProperties": False,
                    },
                },
            },
            "additionalProperties": False,
        },
    }


TOOLS = [tool(name) for name in NAMES]
SYSTEM = [
    {
        "type": "text",
        "text": "x-anthropic-billing-header: cc_version=2.1.0.abc; cc_entrypoint=cli;",
    },
    {"type": "text", "text": "You are a coding agent.", "cache_control": KEPT},
    {"type": "text", "text": "Work in small steps.", "cache_control": KEPT},
]


def text(words, **more):
    return {"type": "text", "text": words, **more}


def request(messages, **more):
    return {
        "model": "grok-4.20-auto",
        "max_tokens": 32000,
        "messages": messages,
        "system": SYSTEM,
        "tools": TOOLS,
        "metadata": {"user_id": USER},
        "thinking": {"type": "adaptive"},
        "context_management": {
            "edits": [{"type": "clear_thinking_20251015", "keep": "all"}]
        },
        "output_config": {"effort": "high"},
        "stream": True,
        **more,
    }


def first_turn(prompt):
    reminder = text("<system-reminder>\nToday is a day.\n</system-reminder>\n")
    return request(
        [{"role": "user", "content": [reminder, text(prompt, cache_control=KEPT)]}]
    )


def after_two_calls(prompt):
    """Parallel calls, one result with an image, one failed, a note in between."""
    return request(
        [
            {"role": "user", "content": [text("Look at both files.")]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Both.", "signature": "abc"},
                    text("I read them."),
                    use("toolu_01", "Read", {"file_path": "/a.png"}),
                    use("toolu_02", "Bash", {"command": "cat b"}),
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_01",
                        "content": [
                            text("a.png"),
                            {
                                "type": "image",
                                "source": {
                                    "type": "base64",
                                    "media_type": "image/png",
                                    "data": PIXEL,
                                },
                            },
                        ],
                    },
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_02",
                        "content": "cat: b: No such file",
                        "is_error": True,
                        "cache_control": KEPT,
                    },
                ],
            },
            {"role": "system", "content": "The user has opened another file."},
            {"role": "user", "content": [text(prompt)]},
        ]
    )


def use(name, tool_name, arguments):
    return {"type": "tool_use", "id": name, "name": tool_name, "input": arguments}


def probe():
    """Sent at start, to see whether the key is good."""
    return {
        "model": "grok-4.20-fast",
        "max_tokens": 1,
        "messages": [{"role": "user", "content": "quota"}],
        "metadata": {"user_id": USER},
    }


def title(prompt):
    """A small question on the side, answered in JSON."""
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
        "additionalProperties": False,
    }
    return {
        "model": "grok-4.20-fast",
        "max_tokens": 32000,
        "messages": [{"role": "user", "content": [text(prompt)]}],
        "system": [text("Name this session.")],
        "tools": [],
        "metadata": {"user_id": USER},
        "temperature": 1,
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        "stream": True,
    }


def web_search(prompt):
    return {
        **request([{"role": "user", "content": [text(prompt)]}]),
        "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}],
        "tool_choice": {"type": "tool", "name": "web_search"},
    }
