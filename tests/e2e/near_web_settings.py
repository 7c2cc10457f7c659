"""The product's settings, and a network whose every name leads to a local server.

Only where connections go is changed: what may be fetched is judged as ever.
"""

import os

from gateway.upstream import network
from grokgateway.settings import *  # noqa: F403 - the point of this module
from tests.gateway.upstream.made_up_web import Loopback

network.HOME.network = Loopback(int(os.environ["NEAR_WEB_PORT"]))
