"""The only file that knows whether Unfold is there; without it the console is the plain admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps

from mimic.console.saving import SaveByCommand

UNFOLD = apps.is_installed("unfold")

if TYPE_CHECKING or not UNFOLD:
    from django.contrib.admin import AdminSite as SkinSite
    from django.contrib.admin import TabularInline as SkinTabularInline
    from django.contrib.admin.views.main import ChangeList as SkinChangeList

    SkinModelAdmin = SaveByCommand
else:
    from unfold.admin import ModelAdmin
    from unfold.admin import TabularInline as SkinTabularInline
    from unfold.sites import UnfoldAdminSite as SkinSite
    from unfold.views import ChangeList as SkinChangeList

    class SkinModelAdmin(ModelAdmin, SaveByCommand):
        """Unfold's admin; the transaction is decided after (below) its own form code."""


__all__ = ["UNFOLD", "SkinChangeList", "SkinModelAdmin", "SkinSite", "SkinTabularInline"]
