"""A solver of the tests' own, speaking FlareSolverr's protocol on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson

from tests.gateway.upstream.stand_in import Peer, Request, serving, whole

AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36"
Json = dict[str, object]


def cookie(name: str, value: str, domain: str = "grok.test") -> Json:
    return {"name": name, "value": value, "domain": domain}


@dataclass
class SolverServer:
    """`good` is the clearance that upstream takes; each solve gives that."""

    good: str = "good"
    raw: bytes = b""  # instead of an answer
    cookies: list[Json] = field(default_factory=list)
    questions: list[Json] = field(default_factory=list)
    url: str = ""

    async def answer(self, peer: Peer, request: Request) -> None:
        self.questions.append(orjson.loads(request.body))
        await peer.send(whole(self.raw or orjson.dumps(self.reply())))

    def reply(self) -> Json:
        return {
            "status": "ok",
            "message": "",
            "solution": {
                "status": 200,
                "userAgent": AGENT,
                "cookies": self.cookies or [cookie("cf_clearance", self.good)],
                "response": "<html></html>",
            },
        }


@asynccontextmanager
async def solver() -> AsyncIterator[SolverServer]:
    made = SolverServer()
    async with serving(made.answer) as server:
        made.url = server.url
        yield made
