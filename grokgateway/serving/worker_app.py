"""Loads the application inside a worker process, tied to the life of `serve`."""

from importlib import import_module
from typing import cast

from django.conf import settings

from grokgateway.serving import lifeline
from grokgateway.serving.plan import Application, Plan


def load(plan: Plan) -> Application:
    lifeline.tie(plan.parent_pid, drain_s=plan.drain_s)
    settings.EMBEDDED_JOBS = plan.embedded_jobs
    settings.SERVER_WORKERS = plan.workers
    module, _, name = plan.app.partition(":")
    # The name comes from the command line; its type cannot be known here.
    return cast(Application, getattr(import_module(module), name))
