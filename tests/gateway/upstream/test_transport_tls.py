"""The transport over TLS."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.upstream.transport import Transport
from tests.gateway.upstream.asking import RUNNERS, ask, read
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


def certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stand-in")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    authority = folder / "authority.pem"
    authority.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    secret = folder / "key.pem"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority, secret)
    return context, authority
