"""What is said to the chat gateway: a session, a message, a sign of life (13.3)."""

import time
from uuid import uuid4

import orjson

from gateway.upstream.limits import Settings
from gateway.upstream.payloads import Turn, encode, mode_id

CAPABILITIES = ("conversation_attached", "custom_methods_v1")


def creation(event_id: str, mode: str, settings: Settings) -> bytes:
    """The first message: a session of its own for a new conversation."""
    wanted = {
        "protocol_capabilities": CAPABILITIES,
        "use_chunk": True,
        "enable_side_by_side": True,
        "force_side_by_side": False,
        "enable_image_generation": True,
        "image_generation_count": 2,
        "disable_text_follow_ups": False,
        "disable_artifact": True,
        "force_concise": False,
        "keep_context": False,
        "is_temporary": settings.flag("features.temporary"),
        "disable_memory": not settings.flag("features.memory"),
    }
    session = {"model": mode_id(mode), "x_grok": wanted}
    return orjson.dumps(
        {"event": {"type": "session.create", "event_id": event_id, "session": session}}
    )


def asking(session_id: str, turn: Turn, settings: Settings) -> tuple[bytes, bytes]:
    """The user's message, and the wish for an answer."""
    now_ms = time.time_ns() // 1_000_000
    files = list(turn.attachments)
    named = {"file_attachment_ids": files} if files else {}
    chunks = [*map(mention, files), {"text": {"text": words(turn, settings)}}]
    item = {
        "type": "message",
        "role": "user",
        **named,
        "x_grok": {"client_message_id": str(uuid4()), "input_chunks": chunks},
    }
    message = {
        "type": "conversation.item.create",
        "event_id": f"evt_msg_{now_ms}",
        **named,
        "item": item,
    }
    wish = {"type": "response.create", "event_id": f"evt_resp_{now_ms}"}
    return (
        orjson.dumps({"session_id": session_id, "event": message}),
        orjson.dumps({"session_id": session_id, "event": wish}),
    )


def heartbeat() -> bytes:
    now_ms = time.time_ns() // 1_000_000
    return orjson.dumps({"event": {"type": "ping", "event_id": f"evt_hb_{now_ms}"}})


def mention(file_id: str) -> dict[str, object]:
    return {"mention": {"target": {"file_mention": {"file_id": file_id}}}}


def words(turn: Turn, settings: Settings) -> orjson.Fragment:
    """A session has no field for the operator's instruction; it stands before all."""
    instruction = settings.text("features.custom_instruction").strip()
    before = f"[system]: {instruction}\n\n" if instruction else ""
    return orjson.Fragment(encode(before + turn.prompt))
