"""The document and its two interfaces; the endpoints themselves belong to their apps."""

from __future__ import annotations

from django.urls import path

from mimic.api import views

urlpatterns = [
    path("openapi.json", views.openapi, name="openapi"),
    path("api/schema/", views.openapi, name="api-schema"),
    path("docs", views.swagger, name="api-docs"),
    path("redoc", views.redoc, name="api-redoc"),
]
