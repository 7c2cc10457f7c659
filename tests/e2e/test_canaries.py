"""Secrets of every kind, traffic and failures, and then a search for the secrets.

One gateway for all of it. Each secret is a text that stands nowhere else; what the
gateway wrote, showed, exported and stored is searched for all of them.
"""

import base64
import html
import json
import re
import subprocess
import sys
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx
import pytest

from tests.e2e.gateway_process import (
    ROOT,
    environment,
    eventually,
    running_gateway,
)

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("canaries")]

NOWHERE = "127.0.0.1:9"
TOKENS = {  # as long as such tokens are, at least
    "super": [f"sandbox-super-kanari{n}-{'0a1b2c3d' * 4}" for n in range(2)],
    "basic": [f"sandbox-basic-blocked-kanari2-{'0a1b2c3d' * 4}"],
    "heavy": [f"sandbox-heavy-expired-kanari3-{'0a1b2c3d' * 4}"],
}
SECRETS = {
    "plain key": "kanari-plain-key-e71b",
    "console key": "kanari-console-key-90ca",
    "web key": "kanari-web-key-51f0",
    "metrics token": "kanari-metrics-token-3d2e",
    "clearance": "kanari-clearance-77aa",
    "cookie": "kanari-cookie-c0c0",
    "signer": "kanari-signer-1f4e",
    "signed": "kanari-signed-a86d",
    "webhook": "kanari-webhook-2b2b",
    "mail password": "kanari-mail-99d1",
    "proxy password": "kanari-proxy-4e4e",
    "pool password": "kanari-pool-8c8c",
    "node password": "kanari-node-d5d5",
    "node key": "kanari-node-key-1b1b",  # a name without a password
    "secret key": "kanari-django-secret-key-that-is-long-enough-for-it-6b6b6b6b",
    "wrong key": "gk-kanari-wrong-key-" + "beef" * 7,
}
SETTINGS: dict[str, Any] = {  # Any: as the start of a gateway takes them
    "GROK_APP_API_KEY": SECRETS["plain key"],
    "GROK_APP_APP_KEY": SECRETS["console key"],
    "GROK_APP_WEBUI_ENABLED": "true",
    "GROK_APP_WEBUI_KEY": SECRETS["web key"],
    "GROK_ADMIN_METRICS_TOKEN": SECRETS["metrics token"],
    "GROK_PROXY_CLEARANCE_MODE": "manual",
    "GROK_PROXY_CLEARANCE_CF_CLEARANCE": SECRETS["clearance"],
    "GROK_PROXY_CLEARANCE_CF_COOKIES": f"__cf_bm={SECRETS['cookie']}",
    "GROK_UPSTREAM_STATSIG_SIGNER_URL": f"http://{NOWHERE}/{SECRETS['signer']}",
    "GROK_UPSTREAM_STATSIG_VALUE": SECRETS["signed"],
    "GROK_ALERTS_WEBHOOK_URL": f"http://{NOWHERE}/{SECRETS['webhook']}",
    "GROK_ALERTS_EMAILS": "operator@example.org",
    "EMAIL_URL": f"smtp://user:{SECRETS['mail password']}@{NOWHERE}",
    "GROK_PROXY_EGRESS_PROXY_URL": f"http://u:{SECRETS['proxy password']}@{NOWHERE}",
    "GROK_PROXY_EGRESS_PROXY_POOL": f"http://u:{SECRETS['pool password']}@{NOWHERE}",
    "SECRET_KEY": SECRETS["secret key"],
    "LOG_FILE_ENABLED": "true",
}
FAULTS = (
    "[[drift=field]]",
    "[[status=500]]",
    "[[challenge]]",
    "[[thinking=2]] [[error=8]] [[error_after=1]]",
    "[[reset_after=2]]",
    "[[citations]] [[drift=event]]",
)
ENDPOINTS = ("/v1/chat/completions", "/v1/responses", "/v1/messages")
CONSOLE_API = (
    *("tokens", "keys", "config", "egress", "status", "cache", "cache/list"),
    *("doctor", "storage", "explain?model=grok-4.20-auto", "assets"),
)
OPEN_PAGES = (
    *("/v1/models", "/v1/openapi.json", "/meta", "/healthz", "/readyz", "/metrics"),
    *("/webui/", "/admin/login/", f"/v1/{SECRETS['wrong key']}"),
)
MOST_PAGES = 160
OF_ONE_KIND = 2


class Finds(list[str]):
    """Where which secret was seen; `known` grows with those made on the way."""

    def __init__(self):
        super().__init__()
        self.known = dict(SECRETS)
        for tokens in TOKENS.values():
            self.known |= {f"token {one}": one for one in tokens}

    def search(self, where, data):
        raw = data.encode() if isinstance(data, str) else data
        for name, secret in self.known.items():
            if any(form.encode() in raw for form in forms(secret)):
                self.append(f"{name} in {where}")


def forms(secret):
    """As it is, and as other writings have it."""
    basic = [base64.b64encode(f"{u}:{secret}".encode()).decode() for u in ("u", "user")]
    return {secret, quote(secret, safe=""), html.escape(secret), *basic}


@pytest.fixture(scope="module")
def gateway(sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("canaries")
    with running_gateway(folder, sandbox.url, TOKENS, **SETTINGS) as running:
        running.key = SECRETS["plain key"]
        yield running


@pytest.fixture(scope="module")
def finds():
    return Finds()


@pytest.fixture(scope="module")
def console(gateway):
    client = httpx.Client(base_url=gateway.url, timeout=60, follow_redirects=True)
    with client:
        client.get("/admin/login")
        form = {"username": "admin", "password": SECRETS["console key"]}
        assert post(client, "/admin/login", **form).url.path == "/admin/"
        yield client


@pytest.fixture(scope="module")
def script(gateway):
    headers = {"Authorization": f"Bearer {SECRETS['console key']}"}
    base = f"{gateway.url}/admin/api"
    with httpx.Client(base_url=base, headers=headers, timeout=60) as client:
        yield client


def post(client, path, **form):
    token = client.cookies["csrftoken"]
    return client.post(path, data={**form, "csrfmiddlewaretoken": token})


def asking(endpoint, prompt, stream):
    body = {"model": "grok-4.20-auto", "stream": stream, "max_tokens": 50}
    if endpoint == "/v1/responses":
        return {"model": body["model"], "stream": stream, "input": prompt}
    return {**body, "messages": [{"role": "user", "content": prompt}]}


@pytest.fixture(scope="module")
def work(gateway, finds, console, script):
    """Everything that may let a secret slip."""
    kept = (gateway.data_dir / "credential_keys").read_text()
    finds.known["credential key"] = kept.strip().splitlines()[-1]
    wish(console)
    named = made_key(script)
    finds.known["named key"] = named
    administer(finds, console, script)
    talk(gateway, finds, named)
    mistake(gateway, finds)
    eventually(lambda: gateway.rows("SELECT 1 FROM gateway_capture"), 15)


def wish(console):
    form = {"prefix": "req_", "keep_words": "on"}
    answer = post(console, "/admin/gateway/capturewish/add/", **form)
    assert answer.url.path == "/admin/gateway/capturewish/"


def made_key(script):
    made = script.post("/keys", json={"name": "a canary's"})
    assert made.status_code in {200, 201}, made.text
    return str(made.json()["key"])


def talk(gateway, finds, named):
    """Prompts that hold the secrets, and an upstream that says them again."""
    everything = f"[[text={' '.join(finds.known.values())}]]"
    with httpx.Client(base_url=gateway.url, timeout=60) as client:
        for number, fault in enumerate(FAULTS):
            for place, endpoint in enumerate(ENDPOINTS):
                key = named if (number + place) % 2 else SECRETS["plain key"]
                body = asking(endpoint, f"{fault} {everything}", (number + place) % 2)
                body["stream"] = bool(body["stream"])
                headers = {"Authorization": f"Bearer {key}"}
                answer = client.post(endpoint, json=body, headers=headers)
                if answer.status_code != 200:
                    finds.search(f"{endpoint} {fault}", answer.content)
                finds.search(f"headers of {endpoint}", repr(answer.headers))


def mistake(gateway, finds):
    """Secrets where they do not belong."""
    wrong = SECRETS["wrong key"]
    plain = SECRETS["plain key"]
    with httpx.Client(base_url=gateway.url, timeout=60) as client:
        answers = [
            client.get("/v1/models", headers={"Authorization": f"Bearer {wrong}"}),
            client.post("/v1/messages", headers={"x-api-key": wrong}, json={}),
            client.get(f"/v1/models?key={plain}"),
            client.get(f"/v1/{plain}/models", headers={"x-api-key": plain}),
            client.post(
                "/v1/chat/completions", content=b'{"model": "' + plain.encode()
            ),
            client.post("/admin/login/", data={"username": plain, "password": plain}),
            client.post("/webui/login", data={"key": wrong}),
            client.get(
                "/admin/api/tokens", headers={"Authorization": f"Bearer {plain}"}
            ),
            client.get("/admin/api/tokens", params={"app_key": wrong}),
        ]
    for answer in answers:
        finds.search(f"answer to {answer.request.url.path}", answer.content)


def administer(finds, console, script):
    node = {"name": "mine", "url": f"http://u:{SECRETS['node password']}@{NOWHERE}"}
    bad = {"name": "bad", "url": f"gopher://u:{SECRETS['node password']}@{NOWHERE}"}
    keyed = {"name": "keyed", "url": f"socks5://{SECRETS['node key']}@{NOWHERE}"}
    pasted = f"http://{SECRETS['node key']}@h:1 n\nhttp://{SECRETS['node key']}@a..b:1"
    token = TOKENS["super"][0]
    answers = [
        script.post("/egress/nodes", json=node),
        script.post("/egress/nodes", json=keyed),
        script.post("/egress/nodes/keyed/test"),
        script.post("/egress/nodes/paste", json={"text": pasted, "save": False}),
        script.post("/egress/nodes", json=bad),
        script.post("/egress/nodes/mine/test"),
        script.post("/batch/refresh", json={"tokens": [token]}),
        script.post("/tokens/add", json={"tokens": [token], "pool": "nowhere"}),
        script.post("/config", json={"alerts": {"webhook_url": SECRETS["webhook"]}}),
        script.post("/doctor", json={}),
        post(console, "/admin/gateway/alert/test/"),
        post(console, "/admin/try/", model="grok-4.20-fast", key="", text="hello"),
        post(console, "/admin/config/files/export"),
    ]
    for answer in answers:
        assert answer.status_code < 500, answer.text
        finds.search(f"answer to {answer.request.url.path}", answer.content)


def pages(console):
    """The console, page by page; of pages that differ by a number, only some."""
    waiting, seen, kinds = ["/admin/"], {"/admin/"}, dict[str, int]()
    while waiting and len(seen) < MOST_PAGES:
        answer = console.get(waiting.pop(0))
        yield answer
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        for href in re.findall(r'href="([^"#]+)', answer.text):
            target = urlsplit(urljoin(str(answer.url), html.unescape(href)))
            kind = re.sub(r"\d+|[0-9a-f]{12,}", "N", target.path)
            ours = target.netloc == urlsplit(str(answer.url)).netloc
            if not ours or not target.path.startswith("/admin/") or "logout" in kind:
                continue
            fresh = target.path not in seen and kinds.get(kind, 0) < OF_ONE_KIND
            if fresh:
                seen.add(target.path)
                kinds[kind] = kinds.get(kind, 0) + 1
                waiting.append(target.path)


def test_no_secret_is_in_an_answer(work, finds):
    assert finds == []


def test_no_secret_is_on_a_page(work, finds, console, gateway):
    found = Finds()
    found.known = finds.known
    count = 0
    for page in pages(console):
        count += 1
        assert page.status_code < 500, page.url
        found.search(f"page {page.url.path}", page.content)
    assert count > 40
    for path in OPEN_PAGES:
        found.search(path, httpx.get(f"{gateway.url}{path}", timeout=30).content)
    assert found == []


def test_no_secret_is_told_to_scripts(work, finds, script):
    found = Finds()
    found.known = finds.known
    for path in CONSOLE_API:
        answer = script.get(f"/{path}")
        assert answer.status_code < 500
        found.search(f"/admin/api/{path}", answer.content)
    assert found == []


def test_no_secret_is_in_a_capture(work, finds, console):
    listed = console.get("/admin/gateway/capture/").text
    links = set(re.findall(r'href="(/admin/gateway/capture/\d+/download/)"', listed))
    assert len(links) >= 6
    found = Finds()
    found.known = finds.known
    for link in links:
        written = console.get(link)
        assert json.loads(written.content)["faithful"], link
        found.search(link, written.content)
    assert found == []


def test_no_secret_is_in_a_file(work, finds, gateway):
    """Logs, what the process printed, the database."""
    found = Finds()
    found.known = finds.known
    files = [path for path in gateway.data_dir.rglob("*") if path.is_file()]
    files = [path for path in files if path.name != "credential_keys"]
    assert {"gateway.db", "serve.log"} <= {path.name for path in files}
    assert any("logs" in path.parts for path in files)
    for path in files:
        found.search(path.name, path.read_bytes())
    assert found == []


def test_no_secret_of_a_store_is_told_where_it_cannot_be_reached(tmp_path):
    secret = "kanari-database-0d0d"
    stores = {
        "DATABASE_URL": f"postgresql://user:{secret}@{NOWHERE}/gateway",
        "REDIS_URL": f"redis://:{secret}@{NOWHERE}/0",
    }
    stores["ACCOUNT_SQL_POOL_TIMEOUT"] = "1"
    env = environment(tmp_path, f"http://{NOWHERE}", **stores)
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0
    assert "refused" in done.stderr
    written = [path.read_text() for path in tmp_path.rglob("*.log")]
    assert secret not in "".join([done.stdout, done.stderr, *written])
