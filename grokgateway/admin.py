"""The console's name and title."""

from django.contrib import admin

admin.site.site_header = "Grok Gateway"
admin.site.site_title = "Grok Gateway"
admin.site.index_title = "Console"
