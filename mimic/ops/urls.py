"""Included at the root: what probes and Prometheus ask."""

from __future__ import annotations

from django.urls import path

from mimic.ops import views

urlpatterns = [
    path("health", views.ready, name="health"),
    path("health/live", views.live, name="health-live"),
    path("health/ready", views.ready, name="health-ready"),
    path("version", views.version, name="version"),
    path("metrics", views.metrics, name="metrics"),
]
