"""Error codes of the public API: one row for each kind."""

from collections.abc import Mapping
from pathlib import Path

from gateway.errors import Kind
from gateway.protocols import anthropic_errors, openai_errors
from gateway.protocols.base import NOT_BETTER_LATER, STATUS
from grokgateway.reference.tables import code, document, table

ABOUT = (
    "`error.code` of the OpenAI dialect; the Anthropic dialect has the type alone. "
    "Before the first event of a stream an error is an HTTP status, afterwards an "
    "event of the stream with the same code. `Retry-After` tells when a retry may "
    "succeed, where that is known. Failed films have [codes of their "
    "own](../media.md#video-jobs)."
)
HEAD = ("Code", "Status", "OpenAI type", "Anthropic type", "Meaning")
OTHER = "invalid_request_error"
MEANINGS: Mapping[Kind, str] = {
    Kind.INVALID_API_KEY: "no key, a wrong one, or one that is disabled or expired",
    Kind.INVALID_JSON: "the body is no JSON",
    Kind.TOO_LARGE: "the body, a file or all files pass a limit (`limits.*`)",
    Kind.UNSUPPORTED_MEDIA_TYPE: "the body has another type than the endpoint takes",
    Kind.UNKNOWN_URL: "no such path",
    Kind.METHOD_NOT_ALLOWED: "the path takes other methods",
    Kind.MODEL_NOT_FOUND: "no such model in the catalogue",
    Kind.MODEL_NOT_ALLOWED: "the key is bound to other models or pools",
    Kind.UNSUPPORTED_MODEL: "the model does something else than the endpoint",
    Kind.MISSING: "a field that must be there is not",
    Kind.INVALID_TYPE: "a field has another type",
    Kind.INVALID_VALUE: "a field has a value that cannot be",
    Kind.UNSUPPORTED: "a field that upstream has nothing for",
    Kind.INVALID_ATTACHMENT: "a file or its URL cannot be used",
    Kind.RESPONSE_NOT_FOUND: "no such stored response of this key",
    Kind.VIDEO_NOT_FOUND: "no such film of this key, or it has expired",
    Kind.FILE_NOT_FOUND: "no such kept file",
    Kind.VIDEO_NOT_READY: "the film is not finished",
    Kind.VIDEO_FAILED: "the film has failed, so there is nothing to fetch",
    Kind.IDEMPOTENCY_CONFLICT: "the `Idempotency-Key` was used for another request",
    Kind.NO_ACCOUNT: "no account is configured for the model's tiers",
    Kind.RATE_LIMITED: "a limit of the key, or all accounts are busy or spent",
    Kind.UPSTREAM_UNAVAILABLE: "upstream does not answer, or calls to it are paused",
    Kind.UPSTREAM_REJECTED: "upstream refused the request as it is",
    Kind.UPSTREAM_ERROR: "upstream failed, or sent what cannot be read",
    Kind.UPSTREAM_TIMEOUT: "the whole turn took too long",
    Kind.IDLE_TIMEOUT: "upstream was silent for too long",
    Kind.REPEATED_RESULT: "upstream handed out a picture or film it had given before",
    Kind.CONTENT_POLICY: "upstream refused for the content",
    Kind.EGRESS_UNAVAILABLE: "no proxy can be used, and the mode forbids going direct",
    Kind.INTERNAL: "a fault of the gateway; its log has the request's id",
}


def page(_root: Path) -> str:
    never = ", ".join(sorted(code(kind) for kind in NOT_BETTER_LATER))
    retries = (
        "SDKs ask again by themselves after 409 and 5xx. "
        f"Answers with {never} tell them not to."
    )
    return document("Error codes", ABOUT, table(HEAD, map(row, Kind)), retries)


def row(kind: Kind) -> tuple[str, ...]:
    return (
        code(kind),
        str(STATUS[kind]),
        code(openai_errors.TYPES.get(kind, OTHER)),
        code(anthropic_errors.TYPES.get(kind, OTHER)),
        MEANINGS[kind],
    )
