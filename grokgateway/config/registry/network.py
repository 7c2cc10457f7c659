"""Keys of the way out: proxies, clearance and retries."""

from grokgateway.config.registry import cleaning, rules
from grokgateway.config.registry.keys import Key, Reload

USER_AGENT = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36"
)

EGRESS = (
    Key(
        "proxy.egress.mode",
        "proxy",
        "direct",
        "How upstream is reached. A change resets the pool and all clearances.",
        choices=("direct", "single_proxy", "proxy_pool"),
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.egress.proxy_url",
        "proxy",
        "",
        "Proxy of API traffic: http, https, socks4, socks4a, socks5 or socks5h. "
        "Needed in single_proxy mode.",
        fault=rules.PROXY_URL,
        credentials=True,
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.egress.proxy_pool",
        "proxy",
        (),
        "Proxies of API traffic in proxy_pool mode, beside the proxy nodes that are "
        "kept in the console.",
        fault=rules.PROXY_URL,
        credentials=True,
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.egress.resource_proxy_url",
        "proxy",
        "",
        "Proxy of media traffic. Empty uses proxy_url.",
        fault=rules.PROXY_URL,
        credentials=True,
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.egress.resource_proxy_pool",
        "proxy",
        (),
        "Proxies of media traffic. Empty uses proxy_pool.",
        fault=rules.PROXY_URL,
        credentials=True,
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.egress.skip_ssl_verify",
        "proxy",
        False,
        "Do not check the certificate of the proxy.",
    ),
    Key(
        "proxy.egress.test_url",
        "proxy",
        "",
        "What nodes are tried with, without a login; Cloudflare's trace tells the exit "
        "address. Empty tries upstream's own.",
        fault=rules.WEB_URL,
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.egress.impersonate",
        "proxy",
        False,
        "Speak TLS and HTTP/2 as the browser of the User-Agent does. Needs what "
        "requirements/impersonate.txt names; without it nothing changes.",
        reload=Reload.NEXT_REQUEST,
    ),
)

CLEARANCE = (
    Key(
        "proxy.clearance.mode",
        "proxy",
        "none",
        "Where clearance cookies come from. on_demand asks the solver only after a "
        "challenge, flaresolverr before the first call and again by the interval.",
        choices=("none", "manual", "flaresolverr", "on_demand"),
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.clearance.cf_cookies",
        "proxy",
        "",
        "Cookie header of manual mode.",
        fault=rules.header_value,
        clean=cleaning.header,
        secret=True,
        former=("proxy.cf_cookies",),
        former_wins=True,
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.clearance.cf_clearance",
        "proxy",
        "",
        "Value of the cf_clearance cookie; replaces the one in cf_cookies.",
        fault=rules.header_value,
        clean=cleaning.token,
        secret=True,
        former=("proxy.cf_clearance",),
        former_wins=True,
        reload=Reload.NEXT_REQUEST,
        in_template=False,
    ),
    Key(
        "proxy.clearance.user_agent",
        "proxy",
        USER_AGENT,
        "User-Agent sent upstream. It must match the cookies.",
        fault=rules.header_value,
        clean=cleaning.header,
        required=True,
        former=("proxy.user_agent",),
        former_wins=True,
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.clearance.browser",
        "proxy",
        "chrome136",
        "TLS profile used when the User-Agent names none.",
        fault=rules.browser,
        clean=cleaning.lower,
        required=True,
        former=("proxy.browser",),
        former_wins=True,
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.clearance.flaresolverr_url",
        "proxy",
        "",
        "Address of the solver, without /v1. Needed in flaresolverr and on_demand "
        "mode.",
        fault=rules.WEB_URL,
        clean=cleaning.base_url,
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.clearance.timeout_sec",
        "proxy",
        60,
        "Time the solver may take. Its HTTP call may take 30 s more.",
        minimum=10,
        maximum=300,
        unit="s",
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "proxy.clearance.refresh_interval",
        "proxy",
        3600,
        "Clearances are renewed at this interval.",
        minimum=60,
        maximum=86_400,
        unit="s",
        reload=Reload.NEXT_ROUND,
    ),
)

RETRY = (
    Key(
        "retry.reset_session_status_codes",
        "retry",
        ("403",),
        "Upstream statuses after which the connection is rebuilt.",
        fault=rules.status_code,
        reload=Reload.NEXT_REQUEST,
    ),
    Key(
        "retry.max_retries",
        "retry",
        1,
        "Other accounts tried for one request, under the quota strategy. "
        "The random strategy always tries 5.",
        maximum=10,
    ),
    Key(
        "retry.on_codes",
        "retry",
        ("429", "401", "503"),
        "Upstream statuses after which another account is tried.",
        fault=rules.status_code,
        former=("retry.retry_status_codes",),
    ),
)

KEYS = (*EGRESS, *CLEARANCE, *RETRY)
