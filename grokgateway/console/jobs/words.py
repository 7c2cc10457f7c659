"""What jobs are called, and who may see, stop and repeat them."""

import json
from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.utils import formats
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from grokgateway.jobs import figures
from grokgateway.jobs.models import BatchJob, BatchState, ItemState
from grokgateway.marks import BAD, GOOD, IDLE, OFF, WAIT, badge

MAY_SEE = "jobs.view_batchjob"
MAY_RUN = "accounts.run_jobs"
# What a second try needs beside the right to run jobs.
NEEDED = {
    "import": "accounts.add_account",
    "egress-test": "gateway.change_egressnode",
    "egress-solve": "gateway.change_egressnode",
}

KINDS: Mapping[str, Promise] = {
    "refresh": _("Refresh quotas"),
    "accept-terms": _("Accept upstream's terms"),
    "nsfw": _("Switch adult content"),
    "cache-clear": _("Delete files at upstream"),
    "assets": _("Count files at upstream"),
    "assets-delete": _("Delete files of one account"),
    "import": _("Import accounts"),
    "egress-test": _("Try proxy nodes"),
    "egress-solve": _("Get clearances"),
    "doctor": _("Examine the way to upstream"),
}
# Items of these kinds are no accounts.
OTHER_ITEMS = ("import", "assets-delete", "egress-test", "egress-solve", "doctor")
STATE_MARKS = {
    BatchState.WAITING: IDLE,
    BatchState.RUNNING: WAIT,
    BatchState.DONE: GOOD,
    BatchState.CANCELLED: OFF,
    BatchState.ERROR: BAD,
}
ITEM_MARKS = {
    ItemState.WAITING: IDLE,
    ItemState.OK: GOOD,
    ItemState.FAILED: BAD,
    ItemState.SKIPPED: OFF,
}


def title(job: BatchJob) -> str | Promise:
    """The kind in words; switching adult content says in which direction."""
    if job.kind == "nsfw":
        if job.params.get("enabled"):
            return _("Switch adult content on")
        return _("Switch adult content off")
    return KINDS.get(job.kind, job.kind)


def state_badge(job: BatchJob) -> SafeString:
    """Done with failures is no success."""
    state = BatchState(job.status)
    if state == BatchState.DONE and job.fail:
        return badge(WAIT if job.ok else BAD, _("done, some failed"))
    if job.cancel_requested and state == BatchState.RUNNING:
        return badge(WAIT, _("stopping"))
    return badge(STATE_MARKS[state], state.label)


def of_page() -> str:
    """What scripts need to speak of jobs, as JSON; they fill in `%(name)s`."""
    told = {
        "kinds": {kind: str(name) for kind, name in KINDS.items()},
        "states": {state.value: str(state.label) for state in BatchState},
        "marks": {state.value: mark for state, mark in STATE_MARKS.items()},
        "partly": gettext("done, some failed"),
        "stopping": gettext("stopping"),
        "perSecond": gettext("%(count)s a second"),
        "perMinute": gettext("%(count)s a minute"),
        "toGo": gettext("%(rate)s, %(time)s to go"),
        "none": gettext("No job runs"),
        "one": gettext("1 job runs"),
        "many": gettext("%(count)s jobs run"),
        "announced": gettext("%(title)s: %(state)s, %(progress)s, %(failed)s failed"),
    }
    return json.dumps(told, ensure_ascii=False)


def may_see(user: AbstractBaseUser | AnonymousUser) -> bool:
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return False
    return user.has_perm(MAY_SEE)


def may_run(user: AbstractBaseUser | AnonymousUser) -> bool:
    return may_see(user) and isinstance(user, User) and user.has_perm(MAY_RUN)


def may_repeat(user: AbstractBaseUser | AnonymousUser, job: BatchJob) -> bool:
    needed = NEEDED.get(job.kind)
    if not may_run(user) or not isinstance(user, User):
        return False
    return needed is None or user.has_perm(needed)


def number(count: int) -> str:
    return formats.number_format(count, force_grouping=True)


def pace(job: BatchJob, now: datetime) -> str:
    """How fast, and when it will be through; empty where that is unknown."""
    found = figures.figures(job, now)
    if found.rate is None:
        return ""
    slow = found.rate < 1
    per = gettext("%(count)s a minute") if slow else gettext("%(count)s a second")
    count = round(found.rate * 60 if slow else found.rate, 1)
    rate = per % {"count": formats.number_format(count)}
    if not found.eta_s:
        return rate
    return gettext("%(rate)s, %(time)s to go") % {
        "rate": rate,
        "time": span(found.eta_s),
    }


def span(seconds: int) -> str:
    """A duration as people say it, rounded up."""
    if seconds < 60:
        return ngettext("%d second", "%d seconds", seconds) % seconds
    minutes = -(-seconds // 60)
    if minutes < 120:
        return ngettext("%d minute", "%d minutes", minutes) % minutes
    hours = -(-minutes // 60)
    return ngettext("%d hour", "%d hours", hours) % hours
