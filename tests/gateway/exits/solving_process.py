"""Wants a clearance: `python -m tests.gateway.exits.solving_process SOLVER_URL`."""

import asyncio
import sys

import django

django.setup()

from gateway.egress.bundles import Place  # noqa: E402 - Django is set up first
from gateway.egress.nodes import DIRECT_NODE  # noqa: E402 - likewise
from gateway.exits.solving import SharedSolver  # noqa: E402 - likewise
from grokgateway import config, crypto  # noqa: E402 - likewise


def main(url: str) -> None:
    crypto.ring()
    place = Place(DIRECT_NODE, "https://grok.test", url)
    settings = config.current()
    bundle = asyncio.run(SharedSolver().renew(place, 0, settings))
    sys.stdout.write(f"{bundle.version} {bundle.cookies}\n")


if __name__ == "__main__":
    main(sys.argv[1])
