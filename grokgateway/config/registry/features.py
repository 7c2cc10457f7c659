"""Keys that change what an answer holds, and how media is kept."""

from grokgateway.config.registry import rules
from grokgateway.config.registry.keys import Key

MEBIBYTES = "MiB"
LARGEST_CACHE_MB = 10_000_000

FEATURES = (
    Key(
        "features.temporary",
        "features",
        True,
        "Use temporary chats upstream, for chat and image edits.",
    ),
    Key(
        "features.memory",
        "features",
        False,
        "Let upstream use the account's memory.",
    ),
    Key(
        "features.stream",
        "features",
        True,
        "Stream the answer when a request leaves out `stream`.",
    ),
    Key(
        "features.thinking",
        "features",
        True,
        "Pass on reasoning when a request does not decide.",
    ),
    Key(
        "features.auto_chat_mode_fallback",
        "features",
        True,
        "When mode auto has no account left, try fast, then expert.",
    ),
    Key(
        "features.thinking_summary",
        "features",
        False,
        "Pass on condensed instead of raw reasoning.",
    ),
    Key(
        "features.dynamic_statsig",
        "features",
        True,
        "Send a fresh x-statsig-id header with each request instead of a fixed one.",
    ),
    Key(
        "features.enable_nsfw",
        "features",
        False,
        "Set the adult-content flag of image jobs.",
    ),
    Key(
        "features.show_search_sources",
        "features",
        False,
        "Also append a list of sources to the answer's text.",
    ),
    Key(
        "features.custom_instruction",
        "features",
        "",
        "Instruction sent upstream with every chat. At most 32 KiB.",
        fault=rules.at_most_bytes(32 * 1024),
    ),
    Key(
        "features.enforce_max_tokens",
        "features",
        False,
        "Cut answers at the token limit a request asks for; upstream knows none.",
    ),
    Key(
        "features.image_format",
        "features",
        "grok_url",
        "How images are answered. The local forms need app.app_url.",
        choices=("grok_url", "local_url", "grok_md", "local_md", "base64"),
    ),
    Key(
        "features.imagine_public_image_proxy",
        "features",
        False,
        "Fetch images of the public image host and answer them as local links.",
    ),
    Key(
        "features.video_format",
        "features",
        "grok_url",
        "How videos are answered in chat. The local forms need app.app_url.",
        choices=("grok_url", "local_url", "grok_html", "local_html"),
    ),
)

CACHE = (
    Key(
        "cache.local.image_max_mb",
        "cache",
        0,
        "Size of the image cache. 0 sets no limit.",
        maximum=LARGEST_CACHE_MB,
        unit=MEBIBYTES,
    ),
    Key(
        "cache.local.video_max_mb",
        "cache",
        0,
        "Size of the video cache. 0 sets no limit.",
        maximum=LARGEST_CACHE_MB,
        unit=MEBIBYTES,
    ),
    Key(
        "cache.local.max_age_days",
        "cache",
        0,
        "Cached files older than this are removed. 0 keeps them.",
        maximum=3650,
        unit="d",
    ),
    Key(
        "cache.local.min_free_mb",
        "cache",
        512,
        "Free disk space that is left alone; no file is kept below it. 0 ignores it.",
        maximum=LARGEST_CACHE_MB,
        unit=MEBIBYTES,
    ),
    Key(
        "cache.local.signed_links",
        "cache",
        False,
        "Give local media links a signature and an end.",
    ),
)

VIDEO_JOBS = (
    Key(
        "video.max_concurrent",
        "video",
        4,
        "Video jobs that run at once.",
        minimum=1,
        maximum=200,
    ),
    Key(
        "video.queue_limit",
        "video",
        100,
        "Video jobs that may wait; the next one is answered 429.",
        minimum=1,
        maximum=10_000,
    ),
    Key(
        "video.total_sec",
        "video",
        1800,
        "Longest run of one video job.",
        minimum=60,
        maximum=86_400,
        unit="s",
    ),
    Key(
        "video.expires_hours",
        "video",
        24,
        "A finished video job can be asked for this long.",
        minimum=1,
        maximum=8760,
        unit="h",
    ),
)

KEYS = (*FEATURES, *CACHE, *VIDEO_JOBS)
