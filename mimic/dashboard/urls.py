"""The trader's routes."""

from django.urls import include, path

from mimic.dashboard import (
    approvals_views,
    impersonation_views,
    palette,
    settings_views,
    views,
)

urlpatterns = [
    path("", views.home, name="home"),
    path("home/equity.json", views.equity, name="home-equity"),
    path("signals", views.signals, name="signals"),
    path("signals/answer", approvals_views.answer, name="signal-answer"),
    path("receipts", views.receipts, name="receipts"),
    path("receipts.csv", views.receipts_csv, name="receipts-csv"),
    path("receipts/<uuid:public_id>", views.receipt, name="receipt"),
    path("", include("mimic.dashboard.accounts_urls")),
    path("", include("mimic.dashboard.masters_urls")),
    path("", include("mimic.dashboard.copies_urls")),
    path("", include("mimic.dashboard.start_urls")),
    path("", include("mimic.dashboard.consents_urls")),
    path("", include("mimic.dashboard.books_urls")),
    path("palette.json", palette.palette, name="palette"),
    path("impersonation/end", impersonation_views.end, name="impersonation-end"),
    path("settings", settings_views.settings, name="settings"),
]
