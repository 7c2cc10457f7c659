"""Where the configuration pages are, below /admin/: route, view and name of each."""

from grokgateway.console.configuration import history, searching, transfer, views

ROUTES = (
    ("config", views.first, "config"),
    ("config/", views.first, "config_start"),
    ("config/search", searching.search, "config_search"),
    ("config/reset", views.reset, "config_reset"),
    ("config/reveal", views.reveal, "config_reveal"),
    ("config/history", history.listing, "config_history"),
    ("config/history/<int:revision>/revert", history.revert, "config_revert"),
    ("config/files", transfer.files, "config_files"),
    ("config/files/preview", transfer.preview, "config_import_preview"),
    ("config/files/export", transfer.export, "config_export"),
    ("config/<slug:slug>", views.group, "config_group"),
)
