"""The things of one job on its page: filtered, a page at a time, each with its link."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.models import Account
from gateway.doctor.jobs import KIND as EXAMINATION
from grokgateway.console.jobs.words import ITEM_MARKS, OTHER_ITEMS
from grokgateway.jobs.models import BatchItem, BatchJob, ItemState
from grokgateway.marks import badge

PAGE_ITEMS = 50
RESULT_MAX_CHARS = 200
ERROR_EXACT, ERROR_PART, STATE, PAGE = "error", "q", "state", "page"


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    link: str
    state: SafeString
    told: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Choice:
    label: object
    count: int | None
    query: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page asks for; anything odd means everything."""

    state: str = ""
    error: str = ""
    part: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: QueryDict) -> "Asked":
        state = query.get(STATE, "")
        page = query.get(PAGE, "")
        return cls(
            state=state if state in ItemState.values else "",
            error=query.get(ERROR_EXACT, ""),
            part=query.get(ERROR_PART, "").strip(),
            page=max(1, int(page)) if page.isdecimal() and len(page) < 8 else 1,
        )

    def query(self, **changed: object) -> str:
        """The address with these parts changed; a change leads to the first page."""
        parts: dict[str, object] = {
            STATE: self.state,
            ERROR_EXACT: self.error,
            ERROR_PART: self.part,
            PAGE: 1,
        }
        parts |= changed
        kept = {k: v for k, v in parts.items() if v and (k != PAGE or v != 1)}
        return f"?{urlencode(kept)}#items" if kept else "?#items"


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of items; `before` and `after` are addresses, empty at the ends."""

    rows: list[Row]
    before: str
    after: str


def shown(job: BatchJob, asked: Asked) -> Shown:
    items = BatchItem.objects.filter(job=job)
    if asked.state:
        items = items.filter(state=asked.state)
    if asked.error:
        items = items.filter(state=ItemState.FAILED, error=asked.error)
    if asked.part:
        items = items.filter(state=ItemState.FAILED, error__icontains=asked.part)
    first = (asked.page - 1) * PAGE_ITEMS
    found = list(items.order_by("pk")[first : first + PAGE_ITEMS + 1])
    page = found[:PAGE_ITEMS]
    links = links_of(job, page)
    return Shown(
        rows=[row(item, links) for item in page],
        before=asked.query(page=asked.page - 1) if asked.page > 1 else "",
        after=asked.query(page=asked.page + 1) if len(found) > PAGE_ITEMS else "",
    )


def row(item: BatchItem, links: Mapping[str, str]) -> Row:
    state = ItemState(item.state)
    result = ", ".join(f"{name}: {value}" for name, value in item.result.items())
    return Row(
        name=item.label or item.target,
        link=links.get(item.target, ""),
        state=badge(ITEM_MARKS[state], state.label),
        told=item.error or result[:RESULT_MAX_CHARS],
        failed=bool(item.error),
    )


def links_of(job: BatchJob, items: Iterable[BatchItem]) -> dict[str, str]:
    """Targets that are accounts, by their pages; of an examination what was found."""
    if job.kind == EXAMINATION:
        page = reverse("admin:doctor")
        return {one.target: f"{page}?{urlencode({'run': one.target})}" for one in items}
    if job.kind in OTHER_ITEMS:
        return {}
    ids = [item.target for item in items]
    found = Account.objects.filter(public_id__in=ids).values_list("public_id", "pk")
    return {
        public_id: reverse("admin:accounts_account_change", args=[pk])
        for public_id, pk in found
    }


def states(job: BatchJob, asked: Asked, left: int, skipped: int) -> list[Choice]:
    counts = {
        ItemState.WAITING: left,
        ItemState.OK: job.ok,
        ItemState.FAILED: job.fail,
        ItemState.SKIPPED: skipped,
    }
    return [
        Choice(
            state.label,
            count,
            asked.query(state=state.value, error="", q=""),
            asked.state == state.value,
        )
        for state, count in counts.items()
        if count or asked.state == state.value
    ]


def error_choices(errors: Iterable[tuple[str, int]], asked: Asked) -> list[Choice]:
    return [
        Choice(
            text,
            count,
            asked.query(error=text, state="failed", q=""),
            asked.error == text,
        )
        for text, count in errors
    ]
