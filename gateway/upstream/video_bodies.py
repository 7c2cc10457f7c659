"""What is said to have a film made: the bodies of both forms (8.2, 8.3, 13.7)."""

from gateway.upstream.generation import said, written
from gateway.upstream.limits import Settings

MODEL = "imagine-video-gen"
FLAGS = {
    "fun": "--mode=extremely-crazy",
    "normal": "--mode=normal",
    "spicy": "--mode=extremely-spicy-or-crazy",
    "custom": "--mode=custom",
}


def wrapped(
    prompt: str, preset: str, config: dict[str, object], settings: Settings
) -> bytes:
    return written(
        {
            "temporary": settings.flag("features.temporary"),
            "modelName": MODEL,
            "message": flagged(prompt, preset),
            "enableSideBySide": True,
            "responseMetadata": {
                "experiments": [],
                "modelConfigOverride": {"modelMap": {"videoGenModelConfig": config}},
            },
        }
    )


def by_input(prompt: str, ratio: str, seconds: int, resolution: str) -> bytes:
    """The v3 form: everything stands in the call."""
    film = {
        "prompt": said(prompt),
        "aspectRatio": ratio,
        "duration": seconds,
        "resolutionName": resolution,
    }
    return written(
        {
            "modelName": MODEL,
            "message": flagged(prompt, "custom"),
            "enableImageStreaming": True,
            "enableSideBySide": True,
            "sendFinalMetadata": True,
            "responseMetadata": {
                "experiments": [],
                "modelConfigOverride": {"modelMap": {}},
            },
            "mediaGenInput": {"textToVideo": film},
            "kind": "CONVERSATION_KIND_IMAGINE",
        }
    )


def flagged(prompt: str, preset: str) -> object:
    return said(f"{prompt} {FLAGS[preset]}")
