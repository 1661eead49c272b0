"""Routes of the pages about copies."""

from django.urls import path

from mimic.dashboard import copies_settings, copies_views
from trading.copying.subscription_states import Change

urlpatterns = [
    path("copies", copies_views.copies, name="copies"),
    path(
        "copies/<uuid:public_id>/pause",
        copies_views.change,
        {"change": Change.PAUSE},
        name="copy-pause",
    ),
    path(
        "copies/<uuid:public_id>/resume",
        copies_views.change,
        {"change": Change.RESUME},
        name="copy-resume",
    ),
    path("copies/<uuid:public_id>/mode", copies_views.mode, name="copy-mode"),
    path("copies/<uuid:public_id>/settings", copies_settings.settings, name="copy-settings"),
    path(
        "copies/<uuid:public_id>/settings/preview",
        copies_settings.preview,
        name="copy-settings-preview",
    ),
    path(
        "copies/<uuid:public_id>/settings.csv",
        copies_settings.history_csv,
        name="copy-settings-csv",
    ),
]
