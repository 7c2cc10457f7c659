from django.contrib.admin.apps import AdminConfig


class ConsoleAdminConfig(AdminConfig):
    """Django's admin on our site; `@admin.register` finds it as the default one."""

    default_site = "grokgateway.console.site.ConsoleSite"
