"""Keys that say where upstream is and which of its forms is spoken."""

from grokgateway.config.registry import cleaning, rules
from grokgateway.config.registry.keys import Key

GROUP = "upstream"
V2_OR_V3 = ("auto", "v2", "v3")

HOSTS = (
    Key(
        "upstream.base_url",
        GROUP,
        "https://grok.com",
        "Where upstream's API is. Plain http only for private addresses.",
        fault=rules.UPSTREAM_URL,
        clean=cleaning.base_url,
        required=True,
    ),
    Key(
        "upstream.ws_url",
        GROUP,
        "",
        "Where upstream's WebSockets are. Empty follows upstream.base_url.",
        fault=rules.UPSTREAM_SOCKET_URL,
        clean=cleaning.base_url,
    ),
    Key(
        "upstream.assets_url",
        GROUP,
        "https://assets.grok.com",
        "Where files are, the prefix of every relative media path.",
        fault=rules.UPSTREAM_URL,
        clean=cleaning.base_url,
        required=True,
    ),
    Key(
        "upstream.accounts_url",
        GROUP,
        "https://accounts.x.ai",
        "Where the terms of service are accepted.",
        fault=rules.UPSTREAM_URL,
        clean=cleaning.base_url,
        required=True,
    ),
    Key(
        "upstream.livekit_url",
        GROUP,
        "wss://livekit.grok.com",
        "Where voice rooms are.",
        fault=rules.UPSTREAM_SOCKET_URL,
        clean=cleaning.base_url,
        required=True,
    ),
    Key(
        "upstream.media_hosts",
        GROUP,
        ("assets.grok.com", "imagine-public.x.ai", "imgen.x.ai"),
        "Hosts (host or host:port) generated media may come from; "
        "cookies go to no other.",
        fault=rules.host_and_port,
        clean=cleaning.lower,
    ),
)

FORMS = (
    Key(
        "upstream.chat_protocol",
        GROUP,
        "auto",
        "Form of chat requests. auto starts with rest and follows what upstream takes.",
        choices=("auto", "rest", "gateway"),
    ),
    Key(
        "upstream.upload_protocol",
        GROUP,
        "auto",
        "Form of uploads. auto starts with v2 and follows what upstream takes.",
        choices=V2_OR_V3,
    ),
    Key(
        "upstream.image_edit_protocol",
        GROUP,
        "auto",
        "Form of image edits. auto starts with v2 and follows what upstream takes.",
        choices=V2_OR_V3,
    ),
    Key(
        "upstream.video_protocol",
        GROUP,
        "auto",
        "Form of video requests. auto starts with v2 and follows what upstream takes.",
        choices=V2_OR_V3,
    ),
)

IMAGINE = Key(
    "upstream.imagine_protocol",
    GROUP,
    "v2",
    "Form of full and pro pictures. Upstream takes both at one address, so that it "
    "cannot be heard to have dropped one.",
    choices=("v2", "v3"),
)

STATSIG = (
    Key(
        "upstream.statsig_value",
        GROUP,
        "",
        "x-statsig-id header to send instead of a made one.",
        fault=rules.header_value,
        clean=cleaning.token,
        secret=True,
    ),
    Key(
        "upstream.statsig_signer_url",
        GROUP,
        "",
        "Your own service that signs x-statsig-id headers. Empty uses none.",
        fault=rules.UPSTREAM_URL,
        clean=cleaning.base_url,
        secret=True,
    ),
)

KEYS = (*HOSTS, *FORMS, IMAGINE, *STATSIG)
