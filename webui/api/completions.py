"""`POST /webui/api/chat/completions`: the same as `/v1/chat/completions`, for visitors.

It goes by the lean entry, so that there is one way for streams.
"""

from django.http import HttpRequest
from django.urls import path
from ninja import Router

from gateway.admission import Admission
from gateway.api import api
from gateway.auth import Caller
from gateway.routes import chat
from webui import access, errors, rates
from webui.access import is_foreign
from webui.chat.turns import CALLER

PATH = "/webui/api/chat/completions"
URLCONF = "webui.api.completions"


class VisitorAdmission(Admission):
    """A visitor in the place of a key; has a rate, and no limits beside it."""

    async def enter(self) -> None:
        scope = self._scope
        if not access.enabled():
            raise errors.switched_off(scope["path"])
        found = await access.visitor_of(scope)
        if found is None:
            raise errors.stranger()
        self.journal.key = CALLER.fingerprint
        if scope["method"] == "POST":
            await rates.chat_turn(found)

    def caller(self) -> Caller:
        return CALLER

    @property
    def guarded(self) -> bool:
        return True


async def authenticate(request: HttpRequest) -> Caller:
    """Whom the entry let in; a browser's call has to come from one of our pages."""
    if is_foreign(request):
        raise errors.foreign()
    return CALLER


router = Router(auth=authenticate)
router.post("/chat/completions")(chat.create)
webui_api = api("Grok Gateway, Web UI", "webui")
webui_api.add_router("/webui/api", router)
urlpatterns = [path("", webui_api.urls)]
