"""Finding a key by its label, its name or what its help says."""

from django.http import HttpRequest, HttpResponse

from grokgateway import config
from grokgateway.console.configuration import frame, outline, saving
from grokgateway.console.configuration.wording import label, language, told

ALONE = "X-Requested-With"


@frame.needs(frame.VIEW, frame.CHANGE)
def search(request: HttpRequest) -> HttpResponse:
    """The whole page, or to a script only the list."""
    wanted = request.GET.get("q", "").strip()
    snapshot = saving.fresh()
    titles = {group.slug: group.title for group in outline.groups()}
    found = [
        {
            "key": key,
            "label": label(key),
            "group": titles[key.group],
            "help": config.help_text(key, language()),
            "told": told(key, snapshot.stored(key.name)),
        }
        for key in matching(wanted)
    ]
    template = "_found" if ALONE in request.headers else "search"
    return frame.page(request, template, {"q": wanted, "found": found})


def matching(wanted: str) -> list[config.Key]:
    """Return the keys in which every word occurs, those so called first."""
    words = wanted.casefold().split()
    if not words:
        return []
    found = [key for key in config.KEYS.values() if has_all(key, words)]
    return sorted(found, key=lambda key: not named(key, words))


def has_all(key: config.Key, words: list[str]) -> bool:
    text = " ".join(
        (key.name, label(key), key.help, config.help_text(key, language()))
    ).casefold()
    return all(word in text for word in words)


def named(key: config.Key, words: list[str]) -> bool:
    text = f"{key.name} {label(key)}".casefold()
    return all(word in text for word in words)
