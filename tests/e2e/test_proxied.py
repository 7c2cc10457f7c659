"""A gateway in a proxied mode: the sandbox sees nobody but the proxies."""

import asyncio
import base64

import httpx

from tests.e2e.gateway_process import running_gateway
from tests.gateway.egress.proxy_servers import proxy
from tests.media.samples import picture

ACCOUNTS = {"super": ["sandbox-super-proxied-1", "sandbox-super-proxied-2"]}


async def test_nothing_goes_past_the_proxies(sandbox, tmp_path):
    sandbox.reset()
    async with proxy("http") as chat, proxy("socks5") as files:
        running = running_gateway(
            tmp_path,
            sandbox.url,
            ACCOUNTS,
            GROK_PROXY_EGRESS_MODE="single_proxy",
            GROK_PROXY_EGRESS_PROXY_URL=chat.url(),
            GROK_PROXY_EGRESS_RESOURCE_PROXY_URL=files.url(),
        )
        gateway = await asyncio.to_thread(running.__enter__)
        try:
            client = httpx.AsyncClient(
                base_url=gateway.url, headers=gateway.headers(), timeout=30
            )
            async with client:
                for answer in [
                    await client.post("/v1/chat/completions", json=asking("Hi")),
                    await client.post("/v1/chat/completions", json=with_picture()),
                    await client.post("/v1/images/generations", json=DRAWING),
                ]:
                    assert answer.status_code == 200, answer.text
                peers = set((await asyncio.to_thread(sandbox.stats))["peers"])
                assert peers
                assert peers <= chat.ports | files.ports
                assert chat.led
                assert files.led
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)


DRAWING = {
    "model": "grok-imagine-image",
    "prompt": "a kite",
    "n": 1,
    "response_format": "b64_json",
}


def asking(content: object) -> dict[str, object]:
    return {
        "model": "grok-4.20-auto",
        "messages": [{"role": "user", "content": content}],
    }


def with_picture() -> dict[str, object]:
    data = base64.b64encode(picture()).decode()
    url = {"url": f"data:image/png;base64,{data}"}
    parts = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": url}]
    return asking(parts)
