"""Keys of accounts, time limits and jobs."""

from grokgateway.config.registry.keys import Key, Reload

SECONDS = "s"
DAY_S = 86_400

ACCOUNTS = (
    Key(
        "account.refresh.enabled",
        "accounts",
        True,
        "Choose accounts by known quota and keep it fresh. Off chooses at random.",
    ),
    Key(
        "account.refresh.basic_interval_sec",
        "accounts",
        DAY_S,
        "Refresh period of basic accounts; also their pause after a 429 when "
        "chosen at random.",
        minimum=300,
        maximum=7 * DAY_S,
        unit=SECONDS,
        reload=Reload.NEXT_ROUND,
    ),
    Key(
        "account.refresh.super_interval_sec",
        "accounts",
        7200,
        "Refresh period of super accounts; also their pause after a 429 when "
        "chosen at random.",
        minimum=300,
        maximum=7 * DAY_S,
        unit=SECONDS,
        reload=Reload.NEXT_ROUND,
    ),
    Key(
        "account.refresh.heavy_interval_sec",
        "accounts",
        7200,
        "Refresh period of heavy accounts; also their pause after a 429 when "
        "chosen at random.",
        minimum=300,
        maximum=7 * DAY_S,
        unit=SECONDS,
        reload=Reload.NEXT_ROUND,
    ),
    Key(
        "account.refresh.usage_concurrency",
        "accounts",
        50,
        "Accounts refreshed at once.",
        minimum=1,
        maximum=500,
        reload=Reload.NEXT_ROUND,
    ),
    Key(
        "account.refresh.on_demand_min_interval_sec",
        "accounts",
        300,
        "Least time between two refreshes of one account on demand.",
        minimum=5,
        maximum=DAY_S,
        unit=SECONDS,
    ),
    Key(
        "account.refresh.media",
        "accounts",
        True,
        "Ask upstream also what each account has left of pictures, films and weekly "
        "credits; who has none left is not chosen for such work.",
    ),
    Key(
        "account.refresh.user_id",
        "accounts",
        False,
        "Ask upstream once for each account's user id, to find one imported twice.",
    ),
    Key(
        "account.selection.max_inflight",
        "accounts",
        8,
        "Requests one account may serve at once.",
        minimum=1,
        maximum=256,
    ),
)


def timeout(name: str, explained: str, *, minimum: int = 5, maximum: int = 1800) -> Key:
    return Key(
        name,
        "timeouts",
        60,
        explained,
        minimum=minimum,
        maximum=maximum,
        unit=SECONDS,
    )


TIMEOUTS = (
    timeout(
        "chat.timeout",
        "Longest silence of chats, light images and image edits. "
        "The whole turn may take ten times as long.",
    ),
    timeout("image.timeout", "One round of an image job, in all."),
    timeout(
        "image.stream_timeout", "Longest silence within an image job.", maximum=600
    ),
    timeout(
        "video.timeout",
        "Longest silence of a video request. The whole may take ten times as long.",
        minimum=30,
        maximum=7200,
    ),
    timeout("voice.timeout", "Request for a voice room."),
    timeout("asset.upload_timeout", "Upload of one attachment."),
    timeout("asset.download_timeout", "Download of one file."),
    timeout("asset.list_timeout", "One page of an account's files."),
    timeout("asset.delete_timeout", "Removal of one file."),
    timeout("nsfw.timeout", "Each call that changes adult content.", maximum=300),
)

BATCH = (
    Key(
        "batch.nsfw_concurrency",
        "batch",
        50,
        "Accounts changed at once by an adult-content job.",
        minimum=1,
        maximum=500,
    ),
    Key(
        "batch.refresh_concurrency",
        "batch",
        50,
        "Accounts refreshed at once by a job.",
        minimum=1,
        maximum=500,
    ),
    Key(
        "batch.asset_upload_concurrency",
        "batch",
        10,
        "Uploads at once in each process.",
        minimum=1,
        maximum=200,
    ),
    Key(
        "batch.asset_list_concurrency",
        "batch",
        50,
        "File lists read at once in each process.",
        minimum=1,
        maximum=500,
    ),
    Key(
        "batch.asset_delete_concurrency",
        "batch",
        50,
        "Files removed at once in each process.",
        minimum=1,
        maximum=500,
    ),
)

KEYS = (*ACCOUNTS, *TIMEOUTS, *BATCH)
