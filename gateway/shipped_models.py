"""The catalogue as shipped (public-api 2.1); rows in the database may differ."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShippedModel:
    name: str
    display_name: str
    mode: str
    tier: str
    capability: str = "chat"
    prefer_best: bool = False


SHIPPED_MODELS = (
    ShippedModel(
        "grok-4.20-0309-non-reasoning", "Grok 4.20 0309 Non-Reasoning", "fast", "basic"
    ),
    ShippedModel("grok-4.20-0309", "Grok 4.20 0309", "auto", "super"),
    ShippedModel(
        "grok-4.20-0309-reasoning", "Grok 4.20 0309 Reasoning", "expert", "super"
    ),
    ShippedModel(
        "grok-4.20-0309-non-reasoning-super",
        "Grok 4.20 0309 Non-Reasoning Super",
        "fast",
        "super",
    ),
    ShippedModel("grok-4.20-0309-super", "Grok 4.20 0309 Super", "auto", "super"),
    ShippedModel(
        "grok-4.20-0309-reasoning-super",
        "Grok 4.20 0309 Reasoning Super",
        "expert",
        "super",
    ),
    ShippedModel(
        "grok-4.20-0309-non-reasoning-heavy",
        "Grok 4.20 0309 Non-Reasoning Heavy",
        "fast",
        "heavy",
    ),
    ShippedModel("grok-4.20-0309-heavy", "Grok 4.20 0309 Heavy", "auto", "heavy"),
    ShippedModel(
        "grok-4.20-0309-reasoning-heavy",
        "Grok 4.20 0309 Reasoning Heavy",
        "expert",
        "heavy",
    ),
    ShippedModel(
        "grok-4.20-multi-agent-0309", "Grok 4.20 Multi-Agent 0309", "heavy", "heavy"
    ),
    ShippedModel("grok-4.20-fast", "Grok 4.20 Fast", "fast", "basic", prefer_best=True),
    ShippedModel("grok-4.20-auto", "Grok 4.20 Auto", "auto", "super", prefer_best=True),
    ShippedModel(
        "grok-4.20-expert", "Grok 4.20 Expert", "expert", "super", prefer_best=True
    ),
    ShippedModel(
        "grok-4.20-heavy", "Grok 4.20 Heavy", "heavy", "heavy", prefer_best=True
    ),
    ShippedModel("grok-4.3-beta", "Grok 4.3 Beta", "grok_4_3", "super"),
    ShippedModel(
        "grok-imagine-image-lite", "Grok Imagine Image Lite", "fast", "basic", "image"
    ),
    ShippedModel("grok-imagine-image", "Grok Imagine Image", "auto", "super", "image"),
    ShippedModel(
        "grok-imagine-image-pro", "Grok Imagine Image Pro", "auto", "super", "image"
    ),
    ShippedModel(
        "grok-imagine-image-edit",
        "Grok Imagine Image Edit",
        "auto",
        "super",
        "image_edit",
    ),
    ShippedModel("grok-imagine-video", "Grok Imagine Video", "auto", "super", "video"),
)
