"""One examination under way: what was asked once is not asked again."""

from gateway.doctor.patients import Patient
from gateway.egress import home
from gateway.egress.binding import account_key
from gateway.egress.bundles import MANUAL, SOLVER_MODES, Bundle, Place
from gateway.egress.causes import TABLE, Layer
from gateway.egress.nodes import DIRECT_NODE, Node
from gateway.egress.settings import Settings
from gateway.errors import UpstreamFailure
from gateway.upstream import checkups
from gateway.upstream.checkups import Instead
from gateway.upstream.cookies import clean_token
from gateway.upstream.passage import fixed
from gateway.upstream.probes import Probe
from gateway.upstream.quota import QuotaReading

AGENT = "proxy.clearance.user_agent"


class Visit:
    def __init__(self, patient: Patient, settings: Settings) -> None:
        self.patient = patient
        self.settings = settings
        self.probe = Probe()
        self.challenge: UpstreamFailure | None = None  # at upstream's first page
        self.renewed = False  # with a clearance got just now
        self.refusal: UpstreamFailure | None = None  # of the account's first question
        self._key = account_key(clean_token(patient.login.token))
        self._looked = False
        self._readings: dict[str, QuotaReading | None] = {}

    @property
    def node(self) -> Node:
        return self.patient.node or DIRECT_NODE

    @property
    def place(self) -> Place | None:
        """What a solver's clearance is for; None where no solver is set."""
        if self.settings.text("proxy.clearance.mode") not in SOLVER_MODES:
            return None
        origin = self.settings.text("upstream.base_url").rstrip("/")
        solver = self.settings.text("proxy.clearance.flaresolverr_url")
        return Place(self.node.for_account(self._key), origin, solver)

    @property
    def bundle(self) -> Bundle | None:
        """A solver's, or what the node was given by hand."""
        rows, place = home.current().rows, self.place
        if self.settings.text("proxy.clearance.mode") == MANUAL:
            return rows.manual.get(self.node.name)
        return rows.bundles.get(place.key) if place else None

    @property
    def by_hand(self) -> bool:
        return self.bundle is None or self.bundle.manual

    @property
    def cookies(self) -> str:
        return checkups.sent(self.bundle, self.settings).cloudflare

    @property
    def agent(self) -> str:
        return checkups.agent_sent(checkups.sent(self.bundle, self.settings))

    async def look(self) -> bool:
        """Whether upstream's first page is a challenge; other failures are raised."""
        if not self._looked:
            self.challenge = await self.challenged(self.settings)
            self._looked = True
        return self.challenge is not None

    async def look_again(self) -> bool:
        self._looked, self.renewed = False, True
        return await self.look()

    async def challenged(self, settings: Settings) -> UpstreamFailure | None:
        """An account's own faults are found by what asks for the account."""
        try:
            await checkups.page(self.patient.login, settings)
        except UpstreamFailure as failure:
            layer = layer_of(failure)
            if layer is Layer.EDGE:
                return failure
            if layer is not Layer.ACCOUNT:
                raise
        return None

    async def passes(self, agent: str) -> bool:
        """Whether the page comes with another user agent and the same clearance."""
        settings = Instead(self.settings, {AGENT: agent})
        with fixed(self.node, agent):
            return await self.challenged(settings) is None

    async def reading(self, mode: str) -> QuotaReading | None:
        """What the account has left in a mode; None for one it is not told of."""
        if mode not in self._readings:
            self._readings[mode] = await checkups.reading(
                self.patient.login, mode, self.settings
            )
        return self._readings[mode]

    async def remaining(self, modes: tuple[str, ...]) -> dict[str, QuotaReading]:
        told = {mode: await self.reading(mode) for mode in modes}
        return {mode: one for mode, one in told.items() if one is not None}


def layer_of(failure: UpstreamFailure) -> Layer:
    cause = TABLE.get(failure.cause)
    return cause.layer if cause else Layer.UPSTREAM
