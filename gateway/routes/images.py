"""`POST /v1/images/generations` and `/v1/images/edits`."""

import secrets
import time
from functools import partial

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Router

from gateway import catalog, idempotency, openapi, pictures
from gateway.asking import Ask
from gateway.auth import caller_of
from gateway.conversation.requests import Attachment
from gateway.protocols import openai_images
from gateway.protocols.base import Stamp
from gateway.protocols.openai_images_request import Order, parse_edit, read_model
from gateway.routes import forms
from gateway.routes.drawings import limits_of
from gateway.routes.negotiation import link_base
from gateway.streaming import StreamResponse, whole

router = Router(tags=["images"])
PICTURES = {
    "responses": {
        200: {
            "content": {
                "application/json": {
                    "schema": {"type": "object", "required": ["created", "data"]}
                },
                "text/event-stream": {},
            }
        },
        **openapi.fails(409)["responses"],
    }
}
TRUNCATED = ("x-grok2api-warning", "images-truncated")
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["model", "prompt", "image"],
                    "properties": {
                        "model": {"type": "string"},
                        "prompt": {"type": "string"},
                        "image": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                        },
                        "n": {"type": "integer", "minimum": 1, "maximum": 2},
                        "size": {"type": "string"},
                        "response_format": {"type": "string"},
                        "stream": {"type": "boolean"},
                        "partial_images": {"type": "integer"},
                    },
                }
            }
        },
    }
}


@router.post("/images/generations", summary="Draw pictures", openapi_extra=PICTURES)
async def generate(
    request: HttpRequest, payload: openai_images.Request
) -> HttpResponseBase:
    route = catalog.current().route_for(payload.model, "image")
    order = openai_images.parse(payload, limits_of(route))
    return await answered(request, order, edit=False)


@router.post("/images/edits", summary="Change pictures", openapi_extra=FORM | PICTURES)
async def change(request: HttpRequest) -> HttpResponseBase:
    form = await forms.read(request)
    route = catalog.current().route_for(read_model(form.values), "image_edit")
    values = form.values
    if any(not is_empty(file) for file in form.named("mask")):
        values = {**values, "mask": "a file"}
    order = parse_edit(values, form.named("image"), limits_of(route))
    response = await answered(request, order, edit=True)
    if order.truncated:
        response[TRUNCATED[0]] = TRUNCATED[1]
    return response


def is_empty(file: Attachment) -> bool:
    return file.source.endswith(",")


async def answered(
    request: HttpRequest, order: Order, *, edit: bool
) -> HttpResponseBase:
    journal = request.journal  # type: ignore[attr-defined] # entry.Request
    conversation, drawing = order.conversation, order.drawing
    journal.model = conversation.model
    journal.streamed = stream = conversation.options.stream
    caller = caller_of(request)
    ask = Ask(conversation, journal, caller, base=link_base(request))
    stamp = Stamp("img-" + secrets.token_hex(12), int(time.time()), conversation.model)
    run = partial(pictures.run, drawing)
    if stream:
        encoder = openai_images.Encoder(stamp, drawing, edit=edit)
        return StreamResponse(ask, encoder, openai_images.failure, run)
    reply = partial(openai_images.reply, stamp, inline=drawing.inline)
    key = request.headers.get(idempotency.HEADER, "")
    work = partial(whole, ask, reply, run)
    return await idempotency.once(caller.fingerprint, key, order, work)
