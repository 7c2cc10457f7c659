"""Tell an operator's own address something: one JSON POST, no redirects, no cookies.

The address is a setting: unlike those of the guarded fetcher it may be a private one.
Nothing of the answer is shown but its status.
"""

from collections.abc import Mapping

import httpx

from gateway.upstream.transport import Transport

TOTAL_S = 15.0


class Undelivered(Exception):
    """The message says why; it holds nothing of the address."""


async def post(url: str, body: Mapping[str, object]) -> None:
    """Raises `Undelivered` for anything but a 2xx in time."""
    timeout = httpx.Timeout(TOTAL_S)
    try:
        async with httpx.AsyncClient(transport=Transport(), timeout=timeout) as client:
            answer = await client.post(url, json=body)
    except httpx.TimeoutException as error:
        raise Undelivered("the webhook's host did not answer in time") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Undelivered("the webhook's host cannot be reached") from error
    if not httpx.codes.is_success(answer.status_code):
        raise Undelivered(f"the webhook's host answered {answer.status_code}")
