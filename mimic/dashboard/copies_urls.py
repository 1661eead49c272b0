"""Routes of the pages about copies."""

from django.urls import path

from mimic.dashboard import copies_join, copies_settings, copies_stop, copies_views
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
    path("copies/<uuid:public_id>/stop", copies_stop.stop, name="copy-stop"),
    path("copies/<uuid:public_id>/join", copies_join.join, name="copy-join"),
    path("copies/<uuid:public_id>/leave", copies_stop.leave, name="copy-leave"),
    path("copies/<uuid:public_id>/positions", copies_stop.legs, name="copy-legs"),
    path("copies/<uuid:public_id>/repairs.csv", copies_stop.legs_csv, name="copy-legs-csv"),
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
