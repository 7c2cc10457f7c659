"""The lean ASGI entry of the public API: no middleware, no signals, no thread hops.

Django's stock handler and middleware cost more than all the rest of a request. This one
owns what they would have done and `/v1` needs: request ids, CORS, body limits, errors
in the caller's dialect, the watch for a client that leaves.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from io import SEEK_END
from typing import IO, Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, URLResolver, get_resolver

from gateway import bodies, http
from gateway.admission import Admission
from gateway.captures import taking
from gateway.delivery import FileResponse, send_file
from gateway.errors import GatewayError, Kind
from gateway.recorder import STATUS_CLIENT_GONE, Journal, record
from gateway.refusals import RefusalBudget
from gateway.streaming import Sender, StreamResponse
from grokgateway import redaction

logger = logging.getLogger(__name__)

Scope = dict[str, Any]  # ASGI's own shape
Message = dict[str, Any]  # likewise
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Admitting = Callable[[Scope, Journal], Admission]


class Entry:
    """An ASGI application for the HTTP paths of the public API, or some like them."""

    def __init__(
        self, urlconf: str = "gateway.urls", admission: Admitting = Admission
    ) -> None:
        self._resolver: URLResolver = get_resolver(urlconf)
        self._admission = admission
        self._refusals = RefusalBudget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if scope["method"] == "OPTIONS":
            await send_plain(send, 204, http.preflight(scope))
            return
        arrived = time.perf_counter()
        request_id = http.request_id(headers)
        journal = Journal(request_id, endpoint=scope["path"], arrived=arrived)
        admission = self._admission(scope, journal)
        try:
            body = await self._admitted(scope, receive, send, admission)
            if body is not None:
                journal.began = time.perf_counter()
                await self._serve(scope, receive, send, body, admission)
        finally:
            admission.leave()
            self._record(admission)

    async def _admitted(
        self, scope: Scope, receive: Receive, send: Send, admission: Admission
    ) -> IO[bytes] | None:
        """The body, once its caller may send it; None if there is nothing to answer."""
        headers = dict(scope["headers"])
        journal = admission.journal
        journal.status = STATUS_CLIENT_GONE
        try:
            await admission.enter()
            return await bodies.read(receive, bodies.limit(headers), headers)
        except GatewayError as error:
            journal.error_code = str(error.kind)
            dialect = http.dialect_of(scope)
            response = http.error_response(error, journal.request_id, dialect)
            journal.status = response.status_code
            await send_response(
                send, scope, response, journal.request_id, beside(scope, admission)
            )
        return None

    def _record(self, admission: Admission) -> None:
        """Note what was done; of refusals only as many as the table should hold."""
        journal = admission.journal
        if journal.tape is not None:
            taking.finish(journal)
        refused = admission.over_limit or not journal.key
        if not refused or (
            journal.status >= 400
            and admission.guarded
            and self._refusals.worth_recording(admission.counterpart)
        ):
            record(journal)

    async def _serve(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        body: IO[bytes],
        admission: Admission,
    ) -> None:
        """Answer, and stop answering at once when the client leaves."""
        loop = asyncio.get_running_loop()
        work = asyncio.current_task()
        gone = False

        async def watch() -> None:
            nonlocal gone
            while (await receive())["type"] != "http.disconnect":
                pass
            gone = True
            if work is not None:
                work.cancel()

        watcher = loop.create_task(watch())
        try:
            await self._answer(scope, send, body, admission)
        except asyncio.CancelledError:
            if not gone or work is None:
                raise
            work.uncancel()
        finally:
            watcher.cancel()

    async def _answer(
        self, scope: Scope, send: Send, body: IO[bytes], admission: Admission
    ) -> None:
        journal = admission.journal
        request_id = journal.request_id
        try:
            with body:
                response = await self._respond(scope, body, admission)
            if isinstance(response, StreamResponse):
                await self._stream(response, send, scope, admission)
                return
            if isinstance(response, FileResponse):
                journal.status = response.status_code
                extensions = scope.get("extensions")
                await send_file(response.serving, send, request_id, extensions)
                return
            journal.status = response.status_code
            admission.leave()
            if journal.tape is not None:
                journal.tape.send(getattr(response, "content", b""))
            await send_response(
                send, scope, response, request_id, beside(scope, admission)
            )
        except OSError:
            journal.status = STATUS_CLIENT_GONE  # the server found the socket closed

    async def _respond(
        self, scope: Scope, body: IO[bytes], admission: Admission
    ) -> HttpResponseBase:
        """The view's response; nothing of the request outlives this."""
        journal = admission.journal
        method = scope["method"]
        refuse = Refusals(journal, http.dialect_of(scope))
        try:
            match = self._resolver.resolve(route_path(scope["path"]))
            request = Request(scope, body, admission)
        except Resolver404:
            path = redaction.current().text(scope["path"][:256])
            unknown = f"Unknown URL: {method} {path}"
            return refuse(Kind.UNKNOWN_URL, unknown)
        except UnicodeDecodeError:
            return refuse(Kind.INVALID_VALUE, "The query is not UTF-8.")
        request.resolver_match = match
        try:
            response: HttpResponseBase = await match.func(request, **match.kwargs)
        except Exception:
            logger.exception("request %s failed", journal.request_id)
            return refuse(Kind.INTERNAL, "The gateway failed; see its log.")
        if response.status_code == 405:
            told = f"{method} is not allowed here."
            allow = response.get("Allow")
            return refuse(Kind.METHOD_NOT_ALLOWED, told, allow=allow)
        return response

    async def _stream(
        self,
        response: StreamResponse,
        send: Send,
        scope: Scope,
        admission: Admission,
    ) -> None:
        dialect = http.dialect_of(scope)
        request_id = admission.journal.request_id
        headers = http.common_headers(request_id, dialect)
        headers.extend(admission.headers())
        headers.extend(beyond_type(response))
        sender = Sender(response, send, headers, before_last=admission.leave)
        try:
            error = await sender.run()
        except OSError:
            raise
        except Exception:
            logger.exception("stream %s failed", request_id)
            error = await sender.fail(
                GatewayError(Kind.INTERNAL, "The gateway failed; see its log.")
            )
        if error is not None:
            failed = http.error_response(error, request_id, dialect)
            response.ask.journal.status = failed.status_code
            admission.leave()
            if response.ask.journal.tape is not None:
                response.ask.journal.tape.send(failed.content)
            await send_response(
                send, scope, failed, request_id, beside(scope, admission)
            )


class Request(ASGIRequest):
    """A Django request with its admission, journal, dialect, headers as they came."""

    def __init__(self, scope: Scope, body: IO[bytes], admission: Admission) -> None:
        super().__init__(scope, body)
        if "CONTENT_LENGTH" not in self.META:  # Django's forms are empty without it
            self.META["CONTENT_LENGTH"] = str(body.seek(0, SEEK_END))
            body.seek(0)
        self.admission = admission
        self.journal = admission.journal
        self.dialect = http.dialect_of(scope)
        self.raw_headers: dict[bytes, bytes] = dict(scope["headers"])


@dataclass(frozen=True, slots=True)
class Refusals:
    """Answers to one request that no view gives."""

    journal: Journal
    dialect: http.Dialect

    def __call__(
        self, kind: Kind, message: str, allow: str | None = None
    ) -> HttpResponse:
        self.journal.error_code = str(kind)
        error = GatewayError(kind, message, allow=allow)
        return http.error_response(error, self.journal.request_id, self.dialect)


def route_path(path: str) -> str:
    """A trailing slash is served the same way, never redirected."""
    return path[:-1] if len(path) > 1 and path.endswith("/") else path


def beside(scope: Scope, admission: Admission) -> list[tuple[bytes, bytes]]:
    """Headers of a whole answer: what is left to its key, and how long it took."""
    headers = list(admission.headers())
    if http.dialect_of(scope) is http.OPENAI:
        took_ms = str(round(admission.journal.elapsed_ms())).encode()
        headers.append((b"openai-processing-ms", took_ms))
    return headers


def beyond_type(response: StreamResponse) -> list[tuple[bytes, bytes]]:
    """What a view has added to a stream, whose type its sender tells."""
    items = response.items()
    return http.encoded(one for one in items if one[0].lower() != "content-type")


async def send_response(
    send: Send,
    scope: Scope,
    response: HttpResponseBase,
    request_id: str,
    more: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    content = getattr(response, "content", b"")
    headers = http.encoded(response.items())
    headers.append((b"content-length", str(len(content)).encode()))
    headers.extend(http.common_headers(request_id, http.dialect_of(scope)))
    headers.extend(more)
    await send_plain(
        send,
        response.status_code,
        headers,
        b"" if scope["method"] == "HEAD" else content,
    )


async def send_plain(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b""
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
