"""Keys of access, logging, limits, retention and notices."""

from grokgateway.config.registry import cleaning, rules
from grokgateway.config.registry.keys import Key

DAYS = "d"
MEBIBYTES = "MiB"

ACCESS = (
    Key(
        "app.app_key",
        "system",
        "grok2api",
        "Password of the console and of /admin/api. Empty locks the admin API. "
        "The default works from loopback and private networks only.",
        secret=True,
        new_minimum_chars=12,
    ),
    Key(
        "app.app_url",
        "system",
        "",
        "Public address of this gateway, the base of local media links, "
        "such as https://gateway.example. Without /v1 at the end.",
        fault=rules.WEB_URL,
        clean=cleaning.base_url,
    ),
    Key(
        "app.api_key",
        "system",
        (),
        "Keys that open /v1, separated by commas. Empty, and without named keys, "
        "only loopback and private networks may call unless anonymous use is allowed.",
        secret=True,
    ),
    Key(
        "app.allow_anonymous",
        "system",
        False,
        "Open /v1 to everyone while no key exists. Off: loopback and private "
        "networks only.",
    ),
    Key(
        "app.webui_enabled",
        "system",
        False,
        "Serve the Web UI pages and their API. Off answers 404.",
    ),
    Key(
        "app.webui_key",
        "system",
        "",
        "Password of the Web UI. Empty asks for none.",
        secret=True,
    ),
    Key(
        "app.docs_enabled",
        "system",
        True,
        "Serve the API documentation pages and OpenAPI documents.",
    ),
    Key(
        "app.check_updates",
        "system",
        False,
        "Ask the project's site for newer releases when the console looks for them.",
    ),
    Key(
        "admin.expose_tokens",
        "system",
        False,
        "Answer whole account tokens on /admin/api, as old scripts expect. "
        "Off masks them.",
    ),
    Key(
        "admin.metrics_token",
        "system",
        "",
        "Bearer token that may read /metrics. Empty leaves it to the console's users.",
        secret=True,
    ),
)

LOGGING = (
    Key(
        "logging.file_level",
        "system",
        "INFO",
        "Least severity written to the log file. Empty follows the console level.",
        choices=("", "DEBUG", "INFO", "WARNING", "ERROR"),
        clean=cleaning.upper,
    ),
    Key(
        "logging.max_files",
        "system",
        7,
        "Daily log files kept.",
        minimum=1,
        maximum=365,
    ),
)

LIMITS = (
    Key(
        "limits.json_body_mb",
        "limits",
        64,
        "Largest JSON body accepted.",
        minimum=1,
        maximum=1024,
        unit=MEBIBYTES,
    ),
    Key(
        "limits.multipart_mb",
        "limits",
        128,
        "Largest multipart body accepted.",
        minimum=1,
        maximum=2048,
        unit=MEBIBYTES,
    ),
    Key(
        "limits.file_mb",
        "limits",
        25,
        "Largest single attachment, sent or fetched.",
        minimum=1,
        maximum=1024,
        unit=MEBIBYTES,
    ),
    Key(
        "limits.attachments",
        "limits",
        8,
        "Attachments in one request.",
        minimum=1,
        maximum=100,
    ),
    Key(
        "limits.attachments_mb",
        "limits",
        64,
        "All attachments of one request together.",
        minimum=1,
        maximum=2048,
        unit=MEBIBYTES,
    ),
)

RETENTION = (
    Key(
        "retention.responses_days",
        "retention",
        30,
        "Stored responses are kept this long. 0 keeps them.",
        maximum=3650,
        unit=DAYS,
    ),
    Key(
        "retention.requests_days",
        "retention",
        30,
        "Rows of the request log are kept this long. 0 keeps them.",
        maximum=3650,
        unit=DAYS,
    ),
    Key(
        "retention.events_days",
        "retention",
        30,
        "Status events of accounts are kept this long. 0 keeps them.",
        maximum=3650,
        unit=DAYS,
    ),
    Key(
        "retention.deleted_accounts_days",
        "retention",
        30,
        "Deleted accounts can be restored this long. 0 keeps them.",
        maximum=3650,
        unit=DAYS,
    ),
)

ALERTS = (
    Key(
        "alerts.webhook_url",
        "alerts",
        "",
        "Address that gets a JSON POST for each alert. Empty sends none.",
        fault=rules.WEB_URL,
        secret=True,
    ),
    Key(
        "alerts.emails",
        "alerts",
        (),
        "Addresses that get each alert by mail. The mail server comes from EMAIL_URL.",
        fault=rules.email,
    ),
    Key(
        "alerts.examine",
        "alerts",
        True,
        "When accounts or the way to upstream begin to fail, find the layer at fault. "
        "At most every ten minutes, and without quota.",
    ),
)

WEBUI = (
    Key(
        "webui.chat_per_min",
        "webui",
        30,
        "Chat turns one Web UI session may start in a minute.",
        minimum=1,
        maximum=10_000,
    ),
    Key(
        "webui.image_runs",
        "webui",
        2,
        "Image runs one Web UI session may have at once.",
        minimum=1,
        maximum=100,
    ),
    Key(
        "webui.voice_sessions",
        "webui",
        1,
        "Voice sessions one Web UI session may have at once.",
        minimum=1,
        maximum=100,
    ),
)

KEYS = (*ACCESS, *LOGGING, *LIMITS, *RETENTION, *ALERTS, *WEBUI)
