"""Routes of the pages about master accounts."""

from django.urls import path

from mimic.dashboard import masters_changes, masters_views

urlpatterns = [
    path("masters", masters_views.masters, name="masters"),
    path("masters/connect", masters_changes.connect, name="master-connect"),
    path("masters/<uuid:public_id>", masters_views.master, name="master"),
    path("masters/<uuid:public_id>/moves.csv", masters_views.moves_csv, name="master-moves-csv"),
    path("masters/<uuid:public_id>/rules", masters_changes.rules, name="master-rules"),
    path("masters/<uuid:public_id>/change", masters_changes.change, name="master-change"),
]
