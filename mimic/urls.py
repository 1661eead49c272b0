"""Every route of the project."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from mimic.core.views import problem_types

handler400 = "mimic.core.error_views.bad_request"
handler403 = "mimic.core.error_views.forbidden"
handler404 = "mimic.core.error_views.not_found"
handler500 = "mimic.core.error_views.server_error"

api_v1 = [
    path("", include("accounts.api.urls")),
    path("", include("signals.api.urls")),
    path("", include("trading.api.urls")),
]

urlpatterns = [
    path("", include("mimic.dashboard.urls")),
    path("", include("mimic.ops.urls")),
    path("", include("signals.urls")),
    path("", include("mimic.api.urls")),
    path("api/v1/", include((api_v1, "api"))),
    path("problems/", problem_types, name="problem-types"),
    path("accounts/", include("accounts.pages.urls")),
    path("admin/", admin.site.urls),
]
