"""The transport over TLS."""

import ssl

import httpx
import pytest

from gateway.upstream.transport import Transport
from tests.gateway.upstream.asking import RUNNERS, ask, read
from tests.gateway.upstream.certificates import certificate
from tests.gateway.upstream.stand_in import Peer, Request, serving, whole

pytestmark = pytest.mark.e2e


@pytest.fixture(params=RUNNERS, ids=["asyncio", "uvloop"])
def run(request):
    return request.param


def test_it_speaks_tls_and_checks_the_certificate(run, tmp_path):
    own, authority = certificate(tmp_path)

    async def answer(peer: Peer, request: Request) -> None:
        await peer.send(whole(b"secret"))

    async def scenario() -> None:
        async with serving(answer, own) as server:
            trusting = ssl.create_default_context(cafile=str(authority))
            async with Transport(tls=trusting) as transport:
                for _ in range(2):
                    assert await read(await ask(transport, server)) == b"secret"
                assert server.connections == 1
            async with Transport() as transport:
                with pytest.raises(httpx.ConnectError):
                    await ask(transport, server)

    run(scenario())
