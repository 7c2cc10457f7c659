"""Rungs of the account: its signature, login, tier, quota, and the model's mode."""

from accounts.quotas import TOTALS
from accounts.tiers import ORDER, spoken_for
from gateway.doctor.findings import Check, Finding, failed, note, of_code, ok, skipped
from gateway.doctor.patients import Holder
from gateway.doctor.visit import Visit, layer_of
from gateway.egress.causes import Layer
from gateway.egress.settings import Settings
from gateway.errors import UpstreamFailure
from gateway.upstream import checkups
from gateway.upstream.checkups import Instead

VALUE = "upstream.statsig_value"
SIGNER = "upstream.statsig_signer_url"
FRESH = "features.dynamic_statsig"
DETECTING = ("fast", "auto")
KNOWN_MODES = frozenset(mode for own in TOTALS.values() for mode in own)
WANTED = {"pool_empty": Layer.ACCOUNT, "unreadable": Layer.OURS}
RESTING = frozenset({"disabled", "expired"})


async def statsig(visit: Visit) -> Finding:
    """The page came; if a question of the same account does not, it is the signature.

    What another signature does about it is tried, where there is one.
    """
    if visit.patient.holder is None:
        return skipped(Check.STATSIG, "no_account")
    try:
        await checkups.session(visit.patient.login, visit.settings)
        await visit.reading(DETECTING[0])
    except UpstreamFailure as failure:
        if layer_of(failure) is not Layer.EDGE:
            visit.refusal = failure
            return past(failure)
        return await unsigned(visit, failure)
    return ok(Check.STATSIG, "signed")


def past(failure: UpstreamFailure) -> Finding:
    """Refused for something else, so not for its signature; or not answered at all."""
    if layer_of(failure) is Layer.ACCOUNT:
        return ok(Check.STATSIG, "signed")
    raise failure


async def unsigned(visit: Visit, failure: UpstreamFailure) -> Finding:
    """A session is read without a signature: if that is refused, it is not this."""
    login, settings = visit.patient.login, visit.settings
    try:
        await checkups.session(login, settings)
    except UpstreamFailure as other:
        if layer_of(other) is Layer.EDGE:
            raise
    mode = DETECTING[0]
    if settings.text(VALUE):
        code = "statsig_value" if await taken(visit, mode, {VALUE: ""}) else ""
    elif settings.text(SIGNER):
        code = "statsig_signer" if await taken(visit, mode, {SIGNER: ""}) else ""
    else:
        fresh = settings.flag(FRESH)
        other_way = await taken(visit, mode, {FRESH: not fresh})
        code = ("statsig_fresh" if fresh else "statsig_fixed") if other_way else ""
    return failed(Check.STATSIG, code or "statsig_refused", cause=failure.cause)


async def taken(visit: Visit, mode: str, values: dict[str, str | bool]) -> bool:
    settings: Settings = Instead(visit.settings, values)
    try:
        await checkups.reading(visit.patient.login, mode, settings)
    except UpstreamFailure as failure:
        return layer_of(failure) is Layer.ACCOUNT
    return True


async def credential(visit: Visit) -> Finding:
    holder = visit.patient.holder
    missing = visit.patient.missing
    if holder is None and missing in WANTED:
        return failed(Check.CREDENTIAL, missing, layer=WANTED[missing])
    if holder is None:
        return skipped(Check.CREDENTIAL, missing or "no_account")
    if visit.refusal is not None:
        return of_code(visit.refusal.cause)
    if holder.status in RESTING:
        return note(Check.CREDENTIAL, f"login_{holder.status}")
    return ok(Check.CREDENTIAL, "login_taken")


async def blocked(visit: Visit) -> Finding:
    """Asked with the session: upstream tells both in one answer."""
    if visit.patient.holder is None:
        return skipped(Check.BLOCKED, "no_account")
    return ok(Check.BLOCKED, "not_blocked")


async def tier(visit: Visit) -> Finding:
    """What upstream counts, beside what is stored and what the model wants."""
    holder, wish = visit.patient.holder, visit.patient.wish
    if holder is None:
        return skipped(Check.TIER, "no_account")
    told = await visit.remaining(DETECTING)
    found = spoken_for({mode: one.total for mode, one in told.items()})
    if found and ORDER.index(found) < ORDER.index(holder.pool):
        return failed(Check.TIER, "tier_lower", stored=holder.pool, told=found)
    if wish is not None and holder.pool not in wish.pools:
        return failed(
            Check.TIER,
            "tier_short",
            stored=holder.pool,
            model=wish.model,
            wanted=", ".join(wish.pools),
        )
    if found and found != holder.pool:
        return note(Check.TIER, "tier_higher", stored=holder.pool, told=found)
    if not found:
        return note(Check.TIER, "tier_untold", stored=holder.pool)
    return ok(Check.TIER, "tier", stored=holder.pool)


async def quota(visit: Visit) -> Finding:
    """Fails where all modes that would do are used up."""
    holder, wish = visit.patient.holder, visit.patient.wish
    if holder is None:
        return skipped(Check.QUOTA, "no_account")
    modes = wish.modes if wish else tuple(TOTALS[holder.pool])
    told = await visit.remaining(modes)
    if not told:
        return skipped(Check.QUOTA, "quota_untold")
    spent = [mode for mode, one in told.items() if not one.remaining]
    left = ", ".join(f"{m} {one.remaining}/{one.total}" for m, one in told.items())
    if len(spent) == len(told):
        wait = min(one.window_s for one in told.values())
        return failed(Check.QUOTA, "quota_spent", left=left, hours=-(-wait // 3600))
    if spent:
        return note(Check.QUOTA, "quota_partly", left=left, spent=", ".join(spent))
    return rested(holder, modes, left)


def rested(holder: Holder, modes: tuple[str, ...], left: str) -> Finding:
    cooling = [mode for mode in modes if mode in holder.cooling]
    if cooling:
        return note(Check.QUOTA, "quota_cooling", left=left, modes=", ".join(cooling))
    return ok(Check.QUOTA, "quota", left=left)


async def model(visit: Visit) -> Finding:
    """Asked by what is left in the model's mode, which spends nothing."""
    wish, holder = visit.patient.wish, visit.patient.holder
    if wish is None:
        return skipped(Check.MODEL, "no_model")
    if holder is None:
        return skipped(Check.MODEL, "no_account")
    if await visit.reading(wish.mode) is not None:
        return ok(Check.MODEL, "mode_known", mode=wish.mode)
    if not wish.chat and wish.mode in KNOWN_MODES:
        return note(Check.MODEL, "mode_of_media", mode=wish.mode)
    return failed(Check.MODEL, "mode_unknown", model=wish.model, mode=wish.mode)


async def answer(visit: Visit) -> Finding:
    holder, wish = visit.patient.holder, visit.patient.wish
    if holder is None:
        return skipped(Check.ANSWER, "no_account")
    if not visit.patient.spend:
        return skipped(Check.ANSWER, "not_asked")
    mode = wish.mode if wish and wish.chat else DETECTING[0]
    await checkups.word(visit.patient.login, mode, visit.settings)
    return ok(Check.ANSWER, "answered", mode=mode)
