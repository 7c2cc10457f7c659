"""The product's settings for a `serve` that leaves jobs to workers."""

from grokgateway.settings import *  # noqa: F403 - the point of this module

EMBEDDED_JOBS = False
