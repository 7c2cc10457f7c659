"""One request's way in: who asks, what its key may still do, and giving it back.

Counted are requests that may make upstream work: every POST but those that only count
tokens or cancel. A key over its limits is told so before its body is read.
"""

import time
from dataclasses import replace
from typing import Any

from django.conf import settings

from gateway import allowances, auth
from gateway.auth import Caller
from gateway.captures import taking
from gateway.errors import GatewayError
from gateway.keys import home
from gateway.keys.cards import KeyCard
from gateway.keys.ledger import Slot, Use
from gateway.keys.store import USES
from gateway.recorder import STATUS_CLIENT_GONE, Journal
from grokgateway import config
from grokgateway.jobs import outbox

Scope = dict[str, Any]  # ASGI's own shape

GUARDED = "/v1/"
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
ANTHROPIC = "/v1/messages"
FREE_OF_CHARGE = ("/count_tokens", "/input_tokens", "/cancel")


class Admission:
    """Of one request; `leave` must follow, whatever becomes of it."""

    def __init__(self, scope: Scope, journal: Journal) -> None:
        self._scope = scope
        self.journal = journal
        self._caller: Caller | None = None
        self._slot: Slot | None = None
        self._left = False
        self.over_limit = False

    async def enter(self) -> None:
        """Raises `GatewayError` for a request whose body need not be read."""
        if self._scope["method"] not in WITH_BODY or not self.guarded:
            return
        card = self.caller().card
        if card is not None and self._counts():
            try:
                self._slot = await entered(card)
            except GatewayError:
                self.over_limit = True
                raise

    def caller(self) -> Caller:
        """Who asks, found once; raises INVALID_API_KEY."""
        if self._caller is None:
            snapshot = config.current()
            policy = auth.Policy(
                keys=snapshot.items("app.api_key"),
                allow_anonymous=snapshot.flag("app.allow_anonymous"),
                trusted_proxies=tuple(settings.TRUSTED_PROXIES),
                named=home.book(),
            )
            shown, now = self._shown(), time.time()
            self._caller = auth.authenticate(shown, policy, now)
            self.journal.key = self._caller.fingerprint
            if policy.named.capturing:
                card, keys = self._caller.card, auth.presented_keys(shown)
                taking.begin(self.journal, policy.named, card, keys, now)
        return self._caller

    def leave(self) -> None:
        """Give the place back and hand on what was used, once; never waits."""
        card = self._caller.card if self._caller else None
        if card is None or self._left:
            return
        self._left = True
        if self._slot is None:
            use = Use(card.id, home.ledger().moment().day, time.time())
            if self.over_limit:
                use = replace(use, refused=1)
        else:
            use = self._used(self._slot)
            home.ledger().leave(self._slot, use.prompt_tokens + use.completion_tokens)
        outbox.current().put(USES, use)

    def headers(self) -> allowances.Headers:
        """What is left to the key; nothing for a request that does not count."""
        card = self._caller.card if self._caller else None
        if card is None or not (self._slot or self.over_limit):
            return []
        standing = home.ledger().standing(card)
        headers = allowances.openai_headers(standing)
        if self._scope["path"].startswith(ANTHROPIC):
            headers += allowances.anthropic_headers(standing, time.time())
        return headers

    @property
    def counterpart(self) -> str:
        """Who is at the other end: the holder of a key, else an address."""
        if self._caller is not None and self._caller is not auth.OPEN:
            return self._caller.fingerprint
        return auth.origin(self._shown(), tuple(settings.TRUSTED_PROXIES))

    @property
    def guarded(self) -> bool:
        """Whether this is a path of the API, not one of a probe."""
        path: str = self._scope["path"]
        return path.startswith(GUARDED)

    def _counts(self) -> bool:
        path: str = self._scope["path"]
        free = path.rstrip("/").endswith(FREE_OF_CHARGE)
        return self._scope["method"] == "POST" and not free

    def _used(self, slot: Slot) -> Use:
        journal, usage = self.journal, self.journal.usage
        return Use(
            key_id=slot.card.id,
            day=slot.day,
            at=time.time(),
            requests=1,
            failed=1 if failed(journal) else 0,
            prompt_tokens=usage.prompt_tokens if usage else 0,
            completion_tokens=usage.completion_tokens if usage else 0,
        )

    def _shown(self) -> auth.Credentials:
        headers = dict(self._scope["headers"])
        return auth.Credentials(
            authorization=text_of(headers.get(b"authorization")),
            x_api_key=text_of(headers.get(b"x-api-key")),
            peer=(self._scope.get("client") or ("",))[0],
            forwarded=not headers.keys().isdisjoint(auth.FORWARDING_HEADERS),
            forwarded_for=text_of(headers.get(b"x-forwarded-for")),
        )


async def entered(card: KeyCard) -> Slot:
    """A place for one request; waits only where others hold what is left of a limit."""
    sharing = home.sharing()
    return await sharing.enter(card) if sharing else home.ledger().enter(card)


def text_of(header: bytes | None) -> str | None:
    return None if header is None else header.decode("utf-8", "surrogateescape")


def failed(journal: Journal) -> bool:
    """A client that leaves has not been failed by anyone."""
    if journal.status == STATUS_CLIENT_GONE:
        return False
    return bool(journal.error_code) or journal.status >= 400
