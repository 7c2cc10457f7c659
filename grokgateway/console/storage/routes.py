"""Where the cache pages are, below /admin/: route, view and name of each."""

from grokgateway.console.storage import online, page

ROUTES = (
    ("cache", page.show, "cache"),
    ("cache/limit", page.limit, "cache_limit"),
    ("cache/prune", page.prune, "cache_prune"),
    ("cache/mend", page.mend, "cache_mend"),
    ("cache/online/walk", online.walk, "cache_walk"),
    ("cache/online/clear", online.clear, "cache_clear"),
)
