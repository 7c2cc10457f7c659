"""The frames of a chat reply that every turn has: envelope, text, thinking, the end."""

from typing import Any

Frame = dict[str, Any]  # the wire's own shape
FINAL = "final"


def response(**fields: object) -> Frame:
    return {"result": {"response": fields}}


def opening() -> list[Frame]:
    return [
        {"result": {"conversation": {"conversationId": "conv-1"}}},
        response(userResponse={"responseId": "ur-1"}),
    ]


def text(token: str, *, tagged: bool = True) -> Frame:
    """The later service leaves the tag out."""
    frame = response(token=token, isThinking=False, responseId="mr-1")
    if tagged:
        frame["result"]["response"]["messageTag"] = FINAL
    return frame


def thought(
    token: str, *, step: int = 1, rollout: str = "Grok", tag: str = "summary"
) -> Frame:
    return response(
        token=token,
        isThinking=True,
        messageTag=tag,
        messageStepId=step,
        rolloutId=rollout,
    )


def heading(token: str, *, rollout: str = "Grok") -> Frame:
    return thought(token, step=0, rollout=rollout, tag="header")


def soft_stop(*, hidden: bool) -> Frame:
    """Hidden behind an empty token, as the service sends it, or alone in its frame."""
    if not hidden:
        return response(isSoftStop=True)
    frame = text("")
    frame["result"]["response"]["isSoftStop"] = True
    return frame


def model_response(message: str, **more: object) -> Frame:
    return response(
        modelResponse={
            "responseId": "mr-1",
            "parentResponseId": "ur-1",
            "message": message,
            "generatedImageUrls": [],
            "fileAttachments": [],
            **more,
        }
    )


def final_metadata() -> Frame:
    return response(finalMetadata={"followUpSuggestions": []})
