"""The trader's routes."""

from django.urls import include, path

from mimic.dashboard import copies_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("home/equity.json", views.equity, name="home-equity"),
    path("signals", views.signals, name="signals"),
    path("receipts", views.receipts, name="receipts"),
    path("receipts.csv", views.receipts_csv, name="receipts-csv"),
    path("receipts/<uuid:public_id>", views.receipt, name="receipt"),
    path("copies", copies_views.copies, name="copies"),
    path("copies/<uuid:public_id>", copies_views.copy_settings, name="copy-settings"),
    path("copies/<uuid:public_id>/status", copies_views.change_status, name="copy-status"),
    path("", include("mimic.dashboard.accounts_urls")),
]
