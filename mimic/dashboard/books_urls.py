"""Routes of positions, orders and trades."""

from django.urls import path

from mimic.dashboard import positions_views

urlpatterns = [
    path("positions", positions_views.positions, name="positions"),
    path("positions.csv", positions_views.positions_csv, name="positions-csv"),
]
