"""Routes of what comes in."""

from django.urls import path

from signals.ingest.tradingview.views import webhook

urlpatterns = [
    path("webhook", webhook, name="webhook"),
    path("webhook/<str:token>", webhook, name="webhook-token"),
]
