"""Page: which layer is at fault between here and upstream, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.decorators import permission_required
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway.doctor import choosing, jobs, records, wording
from gateway.doctor.asking import Asked, Unknown
from gateway.doctor.wording import Json
from gateway.doctor_tables import Examination
from gateway.egress.nodes import DIRECT
from gateway.egress_tables import EgressNode
from gateway.models import ModelRoute
from grokgateway import config
from grokgateway.marks import BAD, GOOD, IDLE, OFF, WAIT

VIEW = "gateway.view_examination"
RUN = "accounts.run_jobs"
LOOK_AGAIN_S = 2
MARKS = {"ok": GOOD, "note": WAIT, "skipped": OFF, "failed": BAD}
UNREACHED = "not_reached"
PREFILLED = ("node", "account", "model")


class OrderForm(forms.Form):
    node = forms.ChoiceField(label=_("Way out"), required=False)
    account = forms.CharField(
        label=_("Account"),
        required=False,
        max_length=4096,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    model = forms.ChoiceField(label=_("Model"), required=False)
    spend = forms.BooleanField(
        label=_("Also ask a small question, which uses one query"), required=False
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # Django's own
        nodes = EgressNode.objects.order_by("name").values_list("name", flat=True)
        models = ModelRoute.objects.filter(enabled=True)
        names = models.values_list("name", flat=True)
        self.fields["node"].choices = [  # type: ignore[attr-defined] # of a choice
            ("", _("all that are in use")),
            (DIRECT, _("direct")),
            *((name, name) for name in nodes if name != DIRECT),
        ]
        self.fields["model"].choices = [  # type: ignore[attr-defined] # of a choice
            ("", _("none in particular")),
            *((name, name) for name in names),
        ]


@dataclass(frozen=True, slots=True)
class Step:
    kind: str
    check: str
    state: str
    seen: str
    remedy: str
    ms: int
    failed: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """One case; `left` names the checks that were not reached."""

    node: str
    account: str
    model: str
    sound: bool
    layer: str
    steps: Sequence[Step]
    left: str


@dataclass(frozen=True, slots=True)
class Line:
    """One examination in the list of the latest."""

    row: Examination
    kind: str
    word: str


@dataclass(frozen=True, slots=True)
class Shown:
    row: Examination
    running: bool
    verdict: str = ""
    alike: str = ""
    ladders: Sequence[Ladder] = field(default_factory=tuple)


def view(request: HttpRequest) -> HttpResponse:
    """Reading is for all who may; a POST starts a job and leads to its result."""
    return ordered(request) if request.method == "POST" else page(request)


@permission_required(VIEW, raise_exception=True)
def page(request: HttpRequest, form: OrderForm | None = None) -> HttpResponse:
    latest = records.latest()
    wanted = request.GET.get("run", "")
    row = records.found(wanted) if wanted else next(iter(latest), None)
    if wanted and row is None:
        raise Http404
    shown = shown_of(row) if row else None
    before = row.asked if row and wanted else {}
    asked = {one: request.GET.get(one, before.get(one, "")) for one in PREFILLED}
    context = {
        **admin.site.each_context(request),
        "title": _("Doctor"),
        "form": form or OrderForm(initial=asked, label_suffix=""),
        "may_run": request.user.has_perm(RUN),
        "shown": shown,
        "lines": [line_of(one) for one in latest],
    }
    response = TemplateResponse(request, "console/doctor.html", context)
    response.status_code = 400 if form else 200
    if shown is not None and shown.running:
        response["Refresh"] = str(LOOK_AGAIN_S)
    return response


@permission_required(RUN, raise_exception=True)
def ordered(request: HttpRequest) -> HttpResponse:
    form = OrderForm(request.POST, label_suffix="")
    if not form.is_valid():
        return page(request, form)
    try:
        asked = asked_of(form)
    except Unknown as error:
        form.add_error(error.what, gettext("There is none."))
        return page(request, form)
    row, job = jobs.begin(asked, request.user.get_username())
    LogEntry.objects.create(
        user_id=request.user.pk or 0,
        content_type=ContentType.objects.get_for_model(Examination),
        object_repr=row.public_id,
        action_flag=CHANGE,
        change_message=f"job {job.public_id}",
    )
    messages.success(request, gettext("The examination has begun."))
    where = reverse("admin:doctor")
    return HttpResponseRedirect(f"{where}?{urlencode({'run': row.public_id})}")


def asked_of(form: OrderForm) -> Asked:
    """Raises Unknown."""
    asked = Asked(**form.cleaned_data)
    return choosing.settled(asked, config.current())


def shown_of(row: Examination) -> Shown:
    if row.finished_at is None:
        return Shown(row, running=jobs.runs(row))
    document: Json = row.document
    alike = str(wording.ALIKE) if document.get("alike") else ""
    ladders = [ladder_of(case) for case in wording.cases_of(document)]
    return Shown(
        row,
        running=False,
        verdict=wording.verdict(document),
        alike=alike,
        ladders=ladders,
    )


def ladder_of(case: Json) -> Ladder:
    findings = wording.findings_of(case)
    guilty = wording.guilty_of(case)
    reached = [one for one in findings if one.get("code") != UNREACHED]
    left = [wording.check(one) for one in findings if one.get("code") == UNREACHED]
    return Ladder(
        node=wording.text(case, "node"),
        account=wording.text(case, "account"),
        model=wording.text(case, "model"),
        sound=bool(case.get("sound")),
        layer=wording.layer(guilty) if guilty else "",
        steps=[step_of(one) for one in reached],
        left=", ".join(left),
    )


def step_of(finding: Json) -> Step:
    state = wording.text(finding, "state")
    told = state in {"failed", "note"}
    ms = finding.get("ms")
    return Step(
        kind=MARKS.get(state, IDLE),
        check=wording.check(finding),
        state=wording.state(finding),
        seen=wording.seen(finding),
        remedy=wording.remedy(finding) if told else "",
        ms=ms if isinstance(ms, int) else 0,
        failed=state == "failed",
    )


def line_of(row: Examination) -> Line:
    if row.finished_at is None:
        return Line(row, IDLE, gettext("under way"))
    if row.sound:
        return Line(row, GOOD, gettext("sound"))
    cases = wording.cases_of(row.document)
    guilty = next((one for case in cases if (one := wording.guilty_of(case))), None)
    return Line(row, BAD, wording.layer(guilty) if guilty else gettext("at fault"))
