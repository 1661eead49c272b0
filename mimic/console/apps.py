from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class ConsoleConfig(AppConfig):
    """Our templates, registries and the System section."""

    default = True
    name = "mimic.console"
    label = "console"
    verbose_name = _("Console")

    def ready(self) -> None:
        from mimic.console import known_values, system

        known_values.register()
        system.register()


class ConsoleAdminConfig(AdminConfig):
    """Stands in INSTALLED_APPS where ``django.contrib.admin`` would: the one admin site is ours."""

    default = False
    default_site = "mimic.console.site.ConsoleSite"
