"""POST /rest/media/post/create: what edits and films hang on."""

import uuid

import orjson

from gateway.sandbox import directives
from gateway.sandbox.accounts import Account
from gateway.sandbox.answers import send_error, send_json
from gateway.sandbox.breaking import send_broken
from gateway.sandbox.calls import Call
from gateway.sandbox.doors import admit
from gateway.sandbox.forms import Operation, refused
from gateway.sandbox.state import State

TYPES = frozenset({"MEDIA_POST_TYPE_IMAGE", "MEDIA_POST_TYPE_VIDEO"})
KEPT = 1000


async def create(state: State, call: Call) -> None:
    """A post needs a prompt, or the address of a file."""
    account = await admit(state, call)
    if account is None:
        return
    fields = read(call.body)
    if fields is None:
        await send_error(call.send, "malformed")
        return
    if await refused(state, call, operation_of(fields), "old"):
        return
    prompt = str(fields.get("prompt", ""))
    asked = directives.parse(prompt)
    if "nopost" in asked:
        await send_json(call.send, {"post": None})
        return
    post = {"id": keep(account), "originalPrompt": prompt, "prompt": prompt}
    await send_broken(call, asked.text("post"), {"post": post})


def read(body: bytes) -> dict[str, object] | None:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(fields, dict) or fields.get("mediaType") not in TYPES:
        return None
    return fields if fields.get("prompt") or fields.get("mediaUrl") else None


def operation_of(fields: dict[str, object]) -> Operation:
    """An edit hangs on a post of its prompt, a film on one of itself or of pictures."""
    image = fields["mediaType"] == "MEDIA_POST_TYPE_IMAGE"
    return "image_edit" if image and not fields.get("mediaUrl") else "video"


def keep(account: Account) -> str:
    """A new post of the account; the oldest go when there are too many."""
    identity = str(uuid.uuid4())
    account.posts[identity] = None
    while len(account.posts) > KEPT:
        del account.posts[next(iter(account.posts))]
    return identity
