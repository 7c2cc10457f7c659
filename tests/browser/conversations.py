"""Conversations as the chat page exports them, so that pictures of it show some."""

import json
from datetime import UTC, datetime, timedelta

HOUR_MS = 3_600_000
HEAT = """\
A refrigerator does not make cold. It **moves heat** from the inside to the room \
behind it, with a fluid that runs in a closed loop:

1. The *compressor* squeezes the vapour, which becomes hot.
2. The *condenser* gives that heat away to the room.
3. The *valve* lets the liquid expand, which makes it very cold.
4. The *evaporator* takes up heat from the food, and the loop begins again.

| Part | Temperature | Pressure |
|---|---:|---:|
| Condenser | 45 °C | 10 bar |
| Evaporator | -20 °C | 1.3 bar |

How good that can be at best depends on the two temperatures alone:

```python
def best_efficiency(inside: float, outside: float) -> float:
    # in kelvin; real machines reach about half of it
    return inside / (outside - inside)
```
"""
OTHERS = (
    ("Date ranges that overlap", 3),
    ("A week in Lisbon with children", 5),
    ("Cover letter, shorter", 27),
    ("Why sourdough collapses", 30),
    ("SQL: the latest row of each group", 80),
    ("Birthday speech for my sister", 120),
    ("Names for a sailing boat", 400),
)


def exported(now: datetime | None = None) -> bytes:
    """The first of them is the one to show."""
    end = int((now or datetime.now(UTC)).timestamp() * 1000)
    shown: dict[str, object] = {
        "title": "How does a refrigerator work?",
        "messages": [asked(), answered(HEAT)],
    }
    others: list[dict[str, object]] = [
        {"title": title, "messages": []} for title, _ in OTHERS
    ]
    titles: list[dict[str, object]] = [shown, *others]
    ages = [0, *(hours for _, hours in OTHERS)]
    conversations = [
        {**one, "updated": end - hours * HOUR_MS, "pinned": hours == OTHERS[1][1]}
        for one, hours in zip(titles, ages, strict=True)
    ]
    made = {
        "format": "grok-gateway-conversations",
        "version": 1,
        "conversations": conversations,
    }
    return json.dumps(made).encode()


def asked() -> dict[str, object]:
    return {
        "role": "user",
        "text": "How does a refrigerator work? Please with numbers.",
        "created": int((datetime.now(UTC) - timedelta(minutes=2)).timestamp() * 1000),
    }


def answered(text: str) -> dict[str, object]:
    return {
        "role": "assistant",
        "state": "done",
        "text": text,
        "model": "grok-4.20-expert",
        "tier": "super",
        "reasoning": "Compressor, condenser, valve, evaporator: name them in order.",
        "reasoningMs": 6400,
        "firstMs": 820,
        "totalMs": 11_300,
        "usage": {"prompt_tokens": 1184, "completion_tokens": 312},
        "tools": [{"name": "web_search", "query": "refrigeration cycle temperatures"}],
        "citations": [
            {"url": "https://example.org/cycle", "title": "The refrigeration cycle"},
            {"url": "https://example.com/heat", "title": "Heat pumps in plain words"},
        ],
    }
