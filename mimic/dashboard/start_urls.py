"""Routes of the way to one's first copied trade."""

from django.urls import path

from mimic.dashboard import start_views

urlpatterns = [
    path("start/paper", start_views.start_paper, name="start-paper"),
    path("leaders", start_views.leaders, name="leaders"),
    path("leaders/<uuid:public_id>/copy", start_views.copy, name="copy-start"),
]
