"""Messages requests, made and read."""

from gateway.protocols.anthropic_messages import Request, parse


def request(**members):
    return Request(
        **{
            "model": "grok-4.20-auto",
            "messages": [{"role": "user", "content": "Hi"}],
            **members,
        }
    )


def parsed(*messages, **members):
    return parse(request(messages=list(messages), **members))


def user(*blocks):
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks):
    return {"role": "assistant", "content": list(blocks)}


def text(words):
    return {"type": "text", "text": words}
